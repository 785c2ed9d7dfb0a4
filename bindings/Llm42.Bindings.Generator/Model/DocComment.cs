namespace Llm42.Bindings.Generator.Model;

/// <summary>A header comment, still in the words of the header.</summary>
/// <param name="Location">Where the commented declaration stands.</param>
/// <param name="Paragraphs">The paragraphs before any command.</param>
/// <param name="Parameters">Text of each @param.</param>
/// <param name="Returns">Text of @return, or null.</param>
public sealed record DocComment(
    SourceLocation Location,
    IReadOnlyList<string> Paragraphs,
    IReadOnlyDictionary<string, string> Parameters,
    string? Returns);
