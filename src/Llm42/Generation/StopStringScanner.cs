namespace Llm42.Generation;

/// <summary>
/// Looks for stop strings in a text that arrives in pieces. Lets through what can no longer belong to a stop string and
/// holds back what can. The stop string that is complete first ends the text, whatever the pieces; of several that
/// are complete at the same character, the longest.
/// </summary>
internal sealed class StopStringScanner
{
    private readonly IReadOnlyList<string> _stops;
    private string _held = "";

    public StopStringScanner(IReadOnlyList<string> stops) => _stops = stops;

    /// <summary>A stop string is complete; nothing is let through any more.</summary>
    public bool IsStopped { get; private set; }

    /// <summary>Takes a piece and returns the text that it sets free.</summary>
    public string Append(string piece)
    {
        if (IsStopped || piece.Length == 0)
            return "";
        var text = _held + piece;
        if (FirstStop(text) is { } start)
        {
            IsStopped = true;
            _held = "";
            return text[..start];
        }
        var free = text.Length - LongestBeginning(text);
        _held = text[free..];
        return text[..free];
    }

    /// <summary>Ends the text and returns what was held back.</summary>
    public string Flush()
    {
        var rest = _held;
        _held = "";
        return rest;
    }

    public StopStringScanner Fork() => new(_stops) { _held = _held, IsStopped = IsStopped };

    private int? FirstStop(string text)
    {
        int? start = null;
        var end = int.MaxValue;
        foreach (var stop in _stops)
        {
            var index = text.IndexOf(stop, StringComparison.Ordinal);
            if (index < 0 || index + stop.Length > end || (index + stop.Length == end && index > start))
                continue;
            start = index;
            end = index + stop.Length;
        }
        return start;
    }

    /// <summary>Length of the longest end of the text with which a stop string begins.</summary>
    private int LongestBeginning(string text)
    {
        var longest = 0;
        foreach (var stop in _stops)
        {
            for (var length = Math.Min(stop.Length - 1, text.Length); length > longest; length--)
            {
                if (text.AsSpan(text.Length - length).SequenceEqual(stop.AsSpan(0, length)))
                    longest = length;
            }
        }
        return longest;
    }
}
