namespace Llm42.ToolCalls;

/// <summary>
/// Tells an answer's text from the tools that it calls, as the text arrives: nothing is given out as text that may yet
/// turn out to be a call. For one answer, from one thread at a time.
/// </summary>
public abstract class ToolCallParser
{
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

    /// <summary>Takes a piece of the answer.</summary>
    /// <returns>What has become certain with it.</returns>
    public abstract AnswerPiece Append(string text);

    /// <summary>Takes the end of the answer.</summary>
    /// <returns>The rest. A call that is malformed or not whole is text: nothing of an answer is lost.</returns>
    public abstract AnswerPiece Flush();

    /// <summary>How many characters at the end of a text may be the beginning of a marker.</summary>
    private protected static int PrefixAtEnd(string text, string marker)
    {
        for (var length = Math.Min(marker.Length - 1, text.Length); length > 0; length--)
        {
            if (text.AsSpan(text.Length - length).SequenceEqual(marker.AsSpan(0, length)))
                return length;
        }
        return 0;
    }

    private sealed class PlainTextParser : ToolCallParser
    {
        public override AnswerPiece Append(string text) => AnswerPiece.Of(text);

        public override AnswerPiece Flush() => AnswerPiece.Empty;
    }
}
