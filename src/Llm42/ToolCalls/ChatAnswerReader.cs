using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Llm42.ToolCalls;

/// <summary>
/// One answer of a chat as it arrives: its text apart from the tools that it calls. However it is cut into pieces, all
/// pieces together are the same answer. From one thread at a time.
/// </summary>
public sealed class ChatAnswerReader
{
    private const int IdDigits = 24;

    private readonly IReadOnlyList<int> _promptIds;
    private readonly int _index;
    private readonly bool _isParallel;
    private readonly ToolCallParser _parser;
    private readonly StringBuilder _content = new();
    private readonly StringBuilder _arguments = new();
    private readonly List<ToolCall> _calls = [];

    /// <summary>A reader.</summary>
    /// <param name="format">How the model writes calls; None where all of the answer is text.</param>
    /// <param name="promptIds">The tokens of the prompt; ids of calls are made from them.</param>
    /// <param name="index">Which of the answers to the prompt it is, from 0.</param>
    /// <param name="isParallel">Several calls count; otherwise the first alone.</param>
    /// <exception cref="ArgumentException">The format is not one.</exception>
    public ChatAnswerReader(ToolCallFormat format, IReadOnlyList<int> promptIds, int index = 0, bool isParallel = true)
    {
        ArgumentNullException.ThrowIfNull(promptIds);
        _promptIds = promptIds;
        _index = index;
        _isParallel = isParallel;
        _parser = ToolCallParser.Create(format);
    }

    /// <summary>All text so far.</summary>
    public string Content => _content.ToString();

    /// <summary>All calls so far; the last of them is without its arguments until they are whole.</summary>
    public IReadOnlyList<ToolCall> Calls => _calls;

    /// <summary>Takes the next piece; the one that says why the answer ended is the last.</summary>
    /// <param name="chunk">The piece.</param>
    /// <returns>The text, and what of calls, that has become certain with it.</returns>
    public AnswerPiece Append(GenerationChunk chunk)
    {
        var piece = _parser.Append(chunk.Text);
        if (chunk.FinishReason is not null)
        {
            var rest = _parser.Flush();
            piece = new AnswerPiece(piece.Content + rest.Content, [.. piece.Calls, .. rest.Calls]);
        }
        _content.Append(piece.Content);
        return piece.Calls.Count == 0 ? piece : piece with { Calls = [.. piece.Calls.Where(IsWanted).Select(Take)] };
    }

    /// <summary>Who wants one call at a time gets the first.</summary>
    private bool IsWanted(ToolCallDelta delta) => _isParallel || delta.Index == 0;

    private ToolCallDelta Take(ToolCallDelta delta)
    {
        if (delta.Name is { } name)
        {
            _arguments.Clear();
            _calls.Add(new ToolCall(IdOf(name), name, ""));
            delta = delta with { Id = _calls[^1].Id };
        }

        // An answer of many small pieces makes its text once.
        _arguments.Append(delta.Arguments);
        if (delta.IsLast)
            _calls[^1] = _calls[^1] with { Arguments = _arguments.ToString() };
        return delta;
    }

    /// <summary>
    /// An id that no other call of the conversation has, since the prompt grows with it, and that comes again with a
    /// deterministic answer: templates may show it to the model in the next turn. The arguments have no part in it: it is
    /// told before they are known.
    /// </summary>
    private string IdOf(string name)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{string.Join(',', _promptIds)}\0{_index}.{_calls.Count}\0{name}");
        return string.Concat("call_", Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text))).AsSpan(0, IdDigits));
    }
}
