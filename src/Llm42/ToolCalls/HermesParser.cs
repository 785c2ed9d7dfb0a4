using System.Text;

namespace Llm42.ToolCalls;

/// <summary>Calls between tags, with text around them.</summary>
internal sealed class HermesParser : ToolCallParser
{
    public const string Begin = "<tool_call>";
    private const string End = "</tool_call>";

    private readonly StringBuilder _pending = new();

    public override AnswerPiece Append(string text)
    {
        _pending.Append(text);
        return Take(isLast: false);
    }

    public override AnswerPiece Flush() => Take(isLast: true);

    private AnswerPiece Take(bool isLast)
    {
        var text = _pending.ToString();
        var content = new StringBuilder();
        var calls = new List<ToolCall>();
        var position = 0;
        while (position < text.Length)
        {
            var begin = text.IndexOf(Begin, position, StringComparison.Ordinal);
            if (begin < 0)
            {
                var certain = isLast ? text.Length : text.Length - PrefixAtEnd(text, position);
                content.Append(text, position, certain - position);
                position = certain;
                break;
            }
            content.Append(text, position, begin - position);
            var end = text.IndexOf(End, begin, StringComparison.Ordinal);
            if (end < 0)
            {
                position = begin;
                if (isLast)
                {
                    content.Append(text, begin, text.Length - begin);
                    position = text.Length;
                }
                break;
            }
            position = end + End.Length;
            if (ToolCallJson.Read(text[(begin + Begin.Length)..end], "arguments") is { } call)
                calls.Add(call);
            else
                content.Append(text, begin, position - begin);
        }
        _pending.Clear().Append(text, position, text.Length - position);
        return new AnswerPiece(content.ToString(), calls);
    }

    /// <summary>How many characters at the end may be the beginning of a tag.</summary>
    private static int PrefixAtEnd(string text, int start)
    {
        for (var length = Math.Min(Begin.Length - 1, text.Length - start); length > 0; length--)
        {
            if (string.CompareOrdinal(text, text.Length - length, Begin, 0, length) == 0)
                return length;
        }
        return 0;
    }
}
