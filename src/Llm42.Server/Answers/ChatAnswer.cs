using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Llm42.Core.Requests;
using Llm42.Server.OpenAi;
using Llm42.ToolCalls;

namespace Llm42.Server.Answers;

/// <summary>One answer of a chat as it arrives: text apart from the tools that it calls.</summary>
/// <param name="request">What it answers.</param>
/// <param name="index">Which of the answers it is, from 0.</param>
internal sealed class ChatAnswer(ChatRequest request, int index)
{
    private const int IdDigits = 24;

    private readonly ToolCallParser _parser = ToolCallParser.Create(request.CallFormat);
    private readonly StringBuilder _content = new();
    private readonly List<ChatToolCall> _calls = [];

    /// <summary>All text so far.</summary>
    public string Content => _content.ToString();

    /// <summary>All calls so far.</summary>
    public IReadOnlyList<ChatToolCall> Calls => _calls;

    /// <summary>All tokens so far.</summary>
    public List<TokenEvent> Tokens { get; } = [];

    /// <summary>The last piece, which says how the answer ended.</summary>
    public GenerationChunk Last { get; private set; }

    /// <summary>Why it ended.</summary>
    public string FinishReason => FinishReasons.Of(Last.FinishReason!.Value) is var reason && reason == FinishReasons.Stop && _calls.Count > 0
        ? FinishReasons.ToolCalls
        : reason;

    /// <summary>Takes the next piece.</summary>
    /// <returns>The text and the calls that have become certain with it.</returns>
    public (string Content, IReadOnlyList<ChatToolCall> Calls) Append(GenerationChunk chunk)
    {
        Tokens.AddRange(chunk.Tokens);
        var piece = _parser.Append(chunk.Text);
        if (chunk.FinishReason is null)
            return Take(piece.Content, piece.Calls);
        Last = chunk;
        var rest = _parser.Flush();
        return Take(piece.Content + rest.Content, [.. piece.Calls, .. rest.Calls]);
    }

    private (string, IReadOnlyList<ChatToolCall>) Take(string content, IReadOnlyList<ToolCall> calls)
    {
        _content.Append(content);
        var before = _calls.Count;
        foreach (var call in calls)
        {
            // Who wants one call at a time gets the first.
            if (request.Tools.IsParallel || _calls.Count == 0)
                _calls.Add(new ChatToolCall(IdOf(call), new ChatFunctionCall(call.Name, call.Arguments)));
        }
        return (content, before == _calls.Count ? [] : _calls[before..]);
    }

    /// <summary>
    /// An id that no other call of the conversation has, since the prompt grows with it, and that comes again with a
    /// deterministic answer: templates may show it to the model in the next turn.
    /// </summary>
    private string IdOf(ToolCall call)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Add(string.Join(',', request.Prompt));
        Add(string.Create(CultureInfo.InvariantCulture, $"{index}.{_calls.Count}"));
        Add(call.Name);
        Add(call.Arguments);
        return string.Concat("call_", Convert.ToHexStringLower(hash.GetHashAndReset()).AsSpan(0, IdDigits));

        void Add(string text)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(text));
            hash.AppendData([0]);
        }
    }
}
