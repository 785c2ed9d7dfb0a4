using System.Text;
using Llm42.StructuredOutput;

namespace Llm42.ToolCalls;

/// <summary>
/// Calls between tags, with text around them. Blanks around calls belong to nobody. A tag inside a string of a call's
/// JSON does not end the call, and a call whose last tag is missing is one all the same.
/// </summary>
internal sealed class HermesParser : ToolCallParser
{
    public const string Begin = CallMarkers.HermesBegin;
    public const string End = CallMarkers.HermesEnd;

    public static readonly string[] Markers = [Begin, End];

    private Place _place = Place.Text;
    private string _pending = "";
    private string _blanks = "";
    private bool _followsCall;

    // Characters of what is pending that were read for the call which begins with it.
    private int _read;

    private enum Place
    {
        Text,
        Call,
        BehindCall,
    }

    private protected override void Take(string text, bool isLast, StringBuilder content)
    {
        _pending += text;
        var position = 0;
        while (_place switch
        {
            Place.Text => TakeText(ref position, content, isLast),
            Place.Call => TakeCall(ref position, content, isLast),
            _ => TakeEnd(ref position, isLast),
        })
        {
        }
        _pending = _pending[position..];
        if (isLast && !_followsCall)
            content.Append(_blanks);
    }

    /// <summary>Takes the text up to the next call; false where there is none yet.</summary>
    private bool TakeText(ref int position, StringBuilder content, bool isLast)
    {
        var rest = _pending.AsSpan(position);
        var begin = rest.IndexOf(Begin, StringComparison.Ordinal);
        var certain = begin >= 0 ? begin : isLast ? rest.Length : rest.Length - PrefixAtEnd(rest, Begin);
        Emit(content, rest[..certain]);
        position += certain;
        if (begin < 0)
            return false;
        _place = Place.Call;
        _read = Begin.Length;
        BeginCall();
        return true;
    }

    /// <summary>Takes the call that begins here, or its tag as text if it is none; false while that is open.</summary>
    private bool TakeCall(ref int position, StringBuilder content, bool isLast)
    {
        var end = position + _read;
        var outcome = ReadCall(_pending, ref end, isLast);
        _read = end - position;
        if (outcome == ToolCallScanner.Outcome.Failed)
        {
            // Another call may begin behind the tag.
            Emit(content, Begin);
            position += Begin.Length;
            _place = Place.Text;
            return true;
        }
        if (IsInCall)
        {
            _blanks = "";
            _followsCall = true;
            position = end;
            _read = 0;
        }
        if (outcome == ToolCallScanner.Outcome.Open)
            return false;
        _place = Place.BehindCall;
        return true;
    }

    /// <summary>Takes the last tag, if it is there.</summary>
    private bool TakeEnd(ref int position, bool isLast)
    {
        var rest = _pending.AsSpan(position);
        var tag = rest.TrimStart(" \t\r\n");
        if (!isLast && tag.Length < End.Length && End.AsSpan().StartsWith(tag, StringComparison.Ordinal))
            return false;
        if (tag.StartsWith(End, StringComparison.Ordinal))
            position += rest.Length - tag.Length + End.Length;
        _place = Place.Text;
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
}
