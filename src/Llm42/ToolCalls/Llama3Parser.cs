using System.Text;
using Llm42.StructuredOutput;

namespace Llm42.ToolCalls;

/// <summary>An answer that is nothing but calls, or text that calls follow behind a tag.</summary>
internal sealed class Llama3Parser : ToolCallParser
{
    public const string Tag = CallMarkers.Llama3Tag;

    private Place _place = Place.Start;
    private string _pending = "";

    // Characters of what is pending that were read for the call, and those before its JSON.
    private int _read;
    private int _begin;

    private enum Place
    {
        Start,
        Text,
        BeforeCall,
        Call,
    }

    private protected override void Take(string text, bool isLast, StringBuilder content)
    {
        _pending += text;
        var position = 0;
        while (_place switch
        {
            Place.Start => TakeStart(isLast),
            Place.Text => TakeText(ref position, content, isLast),
            Place.BeforeCall => TakeSeparators(ref position, content, isLast),
            _ => TakeCall(ref position, content, isLast),
        })
        {
        }
        _pending = _pending[position..];
    }

    private bool TakeStart(bool isLast)
    {
        var begin = _pending.AsSpan().TrimStart();
        if (!isLast && begin.Length < Tag.Length && Tag.AsSpan().StartsWith(begin, StringComparison.Ordinal))
            return false;
        _place = begin.StartsWith('{') || begin.StartsWith(Tag, StringComparison.Ordinal) ? Place.BeforeCall : Place.Text;
        return true;
    }

    /// <summary>Takes the text up to the next tag; false where there is none yet.</summary>
    private bool TakeText(ref int position, StringBuilder content, bool isLast)
    {
        var rest = _pending.AsSpan(position);
        var tag = rest.IndexOf(Tag, StringComparison.Ordinal);
        var certain = tag >= 0 ? tag : isLast ? rest.Length : rest.Length - PrefixAtEnd(rest, Tag);
        content.Append(rest[..certain]);
        position += certain;
        _place = tag >= 0 ? Place.BeforeCall : _place;
        return tag >= 0;
    }

    /// <summary>Looks behind tags, blanks and semicolons for a call; takes them as text if there is none.</summary>
    private bool TakeSeparators(ref int position, StringBuilder content, bool isLast)
    {
        var rest = _pending.AsSpan(position);
        var next = rest;
        while (true)
        {
            next = CallCount == 0 ? next.TrimStart() : next.TrimStart(" \t\r\n;");
            if (!next.StartsWith(Tag, StringComparison.Ordinal))
                break;
            next = next[Tag.Length..];
        }
        if (!isLast && next.Length < Tag.Length && Tag.AsSpan().StartsWith(next, StringComparison.Ordinal))
            return false;
        _begin = rest.Length - next.Length;
        if (next.StartsWith('{'))
        {
            _place = Place.Call;
            _read = _begin;
            BeginCall();
            return true;
        }
        if (next.IsEmpty && CallCount > 0)
        {
            position = _pending.Length;
            return false;
        }
        TakeAsText(ref position, content);
        return true;
    }

    private bool TakeCall(ref int position, StringBuilder content, bool isLast)
    {
        var end = position + _read;
        var outcome = ReadCall(_pending, ref end, isLast);
        _read = end - position;
        if (outcome == ToolCallScanner.Outcome.Failed)
        {
            TakeAsText(ref position, content);
            return true;
        }
        if (IsInCall)
        {
            position = end;
            _read = 0;
        }
        if (outcome == ToolCallScanner.Outcome.Open)
            return false;
        _place = Place.BeforeCall;
        return true;
    }

    /// <summary>What stands before a call that is none is text, and so is that, up to another tag.</summary>
    private void TakeAsText(ref int position, StringBuilder content)
    {
        content.Append(_pending.AsSpan(position, _begin));
        position += _begin;
        _place = Place.Text;
    }
}
