namespace Llm42.ToolCalls;

/// <summary>What has become certain of an answer.</summary>
/// <param name="Content">Text for the reader.</param>
/// <param name="Calls">What is added to calls of tools, in order.</param>
public readonly record struct AnswerPiece(string Content, IReadOnlyList<ToolCallDelta> Calls)
{
    /// <summary>Nothing yet.</summary>
    public static AnswerPiece Empty { get; } = new("", []);

    /// <summary>Text alone.</summary>
    internal static AnswerPiece Of(string content) => new(content, []);
}
