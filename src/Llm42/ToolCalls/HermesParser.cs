using System.Text;

namespace Llm42.ToolCalls;

/// <summary>
/// Calls between tags, with text around them. Blanks around calls belong to nobody. A tag inside a string of a call's
/// JSON does not end the call, and a call whose last tag is missing at the end of the answer is one if its JSON is whole.
/// </summary>
internal sealed class HermesParser : ToolCallParser
{
    public const string Begin = "<tool_call>";
    public const string End = "</tool_call>";

    public static readonly string[] Markers = [Begin, End];

    private string _pending = "";
    private string _blanks = "";
    private bool _isInCall;
    private bool _followsCall;

    // Up to here no end was found in the call.
    private int _searched;

    public override AnswerPiece Append(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        _pending += text;
        return Take(isLast: false);
    }

    public override AnswerPiece Flush() => Take(isLast: true);

    private AnswerPiece Take(bool isLast)
    {
        var content = new StringBuilder();
        var calls = new List<ToolCall>();
        while (_isInCall ? TakeCall(content, calls, isLast) : TakeText(content, isLast))
        {
        }
        if (isLast && !_followsCall)
            content.Append(_blanks);
        return new AnswerPiece(content.ToString(), calls);
    }

    /// <summary>Takes the text up to the next call; false where there is none yet.</summary>
    private bool TakeText(StringBuilder content, bool isLast)
    {
        var begin = _pending.IndexOf(Begin, StringComparison.Ordinal);
        var certain = begin >= 0 ? begin : isLast ? _pending.Length : _pending.Length - PrefixAtEnd(_pending, Begin);
        Emit(content, _pending.AsSpan(0, certain));
        _pending = _pending[certain..];
        _isInCall = begin >= 0;
        _searched = Begin.Length;
        return _isInCall;
    }

    /// <summary>Takes the call that begins here, or its tag as text if it is none; false while that is open.</summary>
    private bool TakeCall(StringBuilder content, List<ToolCall> calls, bool isLast)
    {
        var end = _pending.IndexOf(End, _searched, StringComparison.Ordinal);
        if (end < 0 && !isLast)
        {
            _searched = Math.Max(_searched, _pending.Length - End.Length + 1);
            return false;
        }
        var json = end < 0 ? _pending[Begin.Length..] : _pending[Begin.Length..end];
        if (ToolCallJson.Read(json) is { } call)
        {
            calls.Add(call);
            _blanks = "";
            _followsCall = true;
            _pending = end < 0 ? "" : _pending[(end + End.Length)..];
            _isInCall = false;
            return true;
        }
        if (end >= 0 && EndsInString(json))
        {
            _searched = end + End.Length;
            return true;
        }

        // Another call may begin behind the tag.
        Emit(content, Begin);
        _pending = _pending[Begin.Length..];
        _isInCall = false;
        return true;
    }

    /// <summary>Gives out text, but for blanks at its end, since a call may follow.</summary>
    private void Emit(StringBuilder content, ReadOnlySpan<char> text)
    {
        var solid = text.TrimEnd().Length;
        if (solid == 0)
        {
            _blanks += text.ToString();
            return;
        }
        content.Append(_blanks).Append(text[..solid]);
        _blanks = text[solid..].ToString();
        _followsCall = false;
    }

    private static bool EndsInString(string json)
    {
        var isInString = false;
        for (var i = 0; i < json.Length; i++)
        {
            if (json[i] == '"')
                isInString = !isInString;
            else if (json[i] == '\\' && isInString)
                i++;
        }
        return isInString;
    }
}
