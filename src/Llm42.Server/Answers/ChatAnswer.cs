using Llm42.Core.Requests;
using Llm42.Server.OpenAi;
using Llm42.ToolCalls;

namespace Llm42.Server.Answers;

/// <summary>One answer of a chat as it arrives.</summary>
/// <param name="request">What it answers.</param>
/// <param name="index">Which of the answers it is, from 0.</param>
internal sealed class ChatAnswer(ChatRequest request, int index)
{
    private readonly ChatAnswerReader _reader = new(request.CallFormat, request.Prompt, index, request.Tools.IsParallel);

    /// <summary>All text so far.</summary>
    public string Content => _reader.Content;

    /// <summary>All calls so far.</summary>
    public IReadOnlyList<ToolCall> Calls => _reader.Calls;

    /// <summary>All tokens so far.</summary>
    public List<TokenEvent> Tokens { get; } = [];

    /// <summary>The last piece, which says how the answer ended.</summary>
    public GenerationChunk Last { get; private set; }

    /// <summary>Why it ended.</summary>
    public string FinishReason => FinishReasons.Of(Last.FinishReason!.Value) is var reason && reason == FinishReasons.Stop && Calls.Count > 0
        ? FinishReasons.ToolCalls
        : reason;

    /// <summary>Takes the next piece.</summary>
    /// <returns>The text, and what of calls, that has become certain with it.</returns>
    public AnswerPiece Append(GenerationChunk chunk)
    {
        Tokens.AddRange(chunk.Tokens);
        if (chunk.FinishReason is not null)
            Last = chunk;
        return _reader.Append(chunk);
    }
}
