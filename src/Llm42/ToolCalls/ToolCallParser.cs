using System.Text;

namespace Llm42.ToolCalls;

/// <summary>
/// Tells an answer's text from the tools that it calls, as the text arrives: nothing is given out as text that may yet
/// turn out to be a call. A call begins where its name and the brace of its arguments are there; these are passed on as they
/// come, and what is malformed before that is text. How the answer is cut into pieces makes no difference.
/// For one answer, from one thread at a time.
/// </summary>
internal abstract class ToolCallParser
{
    private readonly List<ToolCallDelta> _deltas = [];
    private ToolCallScanner _scanner = new();
    private int _index = -1;
    private bool _hasBegun;

    private protected ToolCallParser()
    {
    }

    /// <summary>The parser of a format.</summary>
    public static ToolCallParser Create(ToolCallFormat format) => format switch
    {
        ToolCallFormat.None => new PlainTextParser(),
        ToolCallFormat.Hermes => new HermesParser(),
        ToolCallFormat.Llama3 => new Llama3Parser(),
        _ => throw new ArgumentOutOfRangeException(nameof(format), format, "not a format of tool calls"),
    };

    /// <summary>Calls that have begun.</summary>
    private protected int CallCount => _index + 1;

    /// <summary>Takes a piece of the answer.</summary>
    /// <returns>What has become certain with it.</returns>
    public AnswerPiece Append(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Take(text, isLast: false);
    }

    /// <summary>Takes the end of the answer.</summary>
    /// <returns>The rest; the beginning of a call that has no arguments yet is text.</returns>
    public AnswerPiece Flush() => Take("", isLast: true);

    /// <summary>Takes text, and the end of the answer behind it.</summary>
    private protected abstract void Take(string text, bool isLast, StringBuilder content);

    /// <summary>Gets ready for the JSON of a call.</summary>
    private protected void BeginCall()
    {
        _scanner = new ToolCallScanner();
        _hasBegun = false;
    }

    /// <summary>Reads the JSON of a call.</summary>
    /// <param name="text">The text.</param>
    /// <param name="position">Where it goes on; moved behind what belongs to the call.</param>
    /// <param name="isLast">The answer ends with the text.</param>
    /// <returns>Open where the call goes on, or may yet become one.</returns>
    private protected ToolCallScanner.Outcome ReadCall(string text, ref int position, bool isLast)
    {
        while (position < text.Length && _scanner.Result == ToolCallScanner.Outcome.Open)
        {
            if (_scanner.Read(text[position]))
                position++;
        }
        var isEnd = isLast || _scanner.Result == ToolCallScanner.Outcome.Ended;
        if (!_scanner.IsCall)
            return isEnd ? ToolCallScanner.Outcome.Failed : _scanner.Result;
        if (!_hasBegun)
            _deltas.Add(new ToolCallDelta(++_index, null, _scanner.Name, "", false));
        _hasBegun = true;
        var arguments = _scanner.TakeArguments();
        if (arguments.Length > 0 || isEnd)
            _deltas.Add(new ToolCallDelta(_index, null, null, arguments, isEnd));
        return isEnd ? ToolCallScanner.Outcome.Ended : ToolCallScanner.Outcome.Open;
    }

    /// <summary>The call that is read has begun: it can be no text any more.</summary>
    private protected bool IsInCall => _hasBegun;

    /// <summary>How many characters at the end of a text may be the beginning of a marker.</summary>
    private protected static int PrefixAtEnd(ReadOnlySpan<char> text, string marker)
    {
        for (var length = Math.Min(marker.Length - 1, text.Length); length > 0; length--)
        {
            if (text[^length..].SequenceEqual(marker.AsSpan(0, length)))
                return length;
        }
        return 0;
    }

    private AnswerPiece Take(string text, bool isLast)
    {
        var content = new StringBuilder();
        Take(text, isLast, content);
        var piece = new AnswerPiece(content.ToString(), [.. _deltas]);
        _deltas.Clear();
        return piece;
    }

    private sealed class PlainTextParser : ToolCallParser
    {
        private protected override void Take(string text, bool isLast, StringBuilder content) => content.Append(text);
    }
}
