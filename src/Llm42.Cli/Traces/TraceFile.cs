using System.Globalization;

namespace Llm42.Cli.Traces;

/// <summary>
/// Reads arrivals from a CSV as Azure publishes its LLM inference traces: TIMESTAMP,ContextTokens,GeneratedTokens, a
/// request a line, in the order of arrival. A timestamp is a date with a time, or seconds.
/// </summary>
internal static class TraceFile
{
    private const int MostTokens = 1 << 20;
    private const int LongestLine = 200;

    private static readonly string[] Columns = ["TIMESTAMP", "ContextTokens", "GeneratedTokens"];

    /// <summary>The first arrivals of a file; the first one is at zero.</summary>
    /// <param name="reader">The file.</param>
    /// <param name="name">What errors call it.</param>
    /// <param name="most">No more lines than these are read.</param>
    /// <exception cref="InvalidDataException">A line is malformed; the message names it.</exception>
    public static IReadOnlyList<TraceArrival> Read(TextReader reader, string name, int most)
    {
        string[] header = (ReadLine(reader, name, 1) ?? throw Wrong(name, 1, "the file is empty", "")).TrimStart('\uFEFF').Split(',', StringSplitOptions.TrimEntries);
        int[] places = [.. Columns.Select(column => Array.FindIndex(header, word => word.Equals(column, StringComparison.OrdinalIgnoreCase)))];
        if (Array.IndexOf(places, -1) is >= 0 and var missing)
            throw Wrong(name, 1, $"there is no column {Columns[missing]}", string.Join(',', header));

        var arrivals = new List<TraceArrival>();
        double? first = null;
        for (int number = 2; arrivals.Count < most && ReadLine(reader, name, number) is { } line; number++)
        {
            if (string.IsNullOrWhiteSpace(line))
                continue;
            string[] cells = line.Split(',', StringSplitOptions.TrimEntries);
            if (cells.Length != header.Length)
                throw Wrong(name, number, $"{cells.Length} cells, and the header has {header.Length}", line);
            double seconds = Seconds(cells[places[0]]) ?? throw Wrong(name, number, "TIMESTAMP is neither a date with a time nor seconds", cells[places[0]]);
            first ??= seconds;
            var arrival = new TraceArrival(
                TimeSpan.FromSeconds(seconds - first.Value),
                Tokens(cells[places[1]]) ?? throw Wrong(name, number, $"ContextTokens is no integer from 1 to {MostTokens}", cells[places[1]]),
                Tokens(cells[places[2]]) ?? throw Wrong(name, number, $"GeneratedTokens is no integer from 1 to {MostTokens}", cells[places[2]]));
            if (arrivals.Count > 0 && arrival.At < arrivals[^1].At)
                throw Wrong(name, number, "it arrives before the line above it", cells[places[0]]);
            arrivals.Add(arrival);
        }

        return arrivals.Count > 0 ? arrivals : throw Wrong(name, 2, "there is no request", "");
    }

    private static string? ReadLine(TextReader reader, string name, int number)
    {
        // A file of another kind may have no line ends at all.
        var line = new System.Text.StringBuilder();
        for (int next = reader.Read(); next >= 0; next = reader.Read())
        {
            if (next == '\n')
                return line.ToString().TrimEnd('\r');
            line.Append((char)next);
            if (line.Length > LongestLine)
                throw Wrong(name, number, $"it is longer than {LongestLine} characters", line.ToString(0, 40));
        }

        return line.Length > 0 ? line.ToString() : null;
    }

    private static double? Seconds(string text)
    {
        const double most = 1e12;
        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds))
            return seconds < most ? seconds : null;
        return DateTime.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal | DateTimeStyles.AssumeUniversal, out DateTime time)
            ? (double)time.Ticks / TimeSpan.TicksPerSecond
            : null;
    }

    private static int? Tokens(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value is >= 1 and <= MostTokens ? value : null;

    private static InvalidDataException Wrong(string name, int line, string what, string value) =>
        new($"{name}, line {line}: {what}{(value.Length > 0 ? $" ('{value}')" : "")}; expected are lines of {string.Join(',', Columns)}.");
}

/// <summary>A request of a trace.</summary>
/// <param name="At">When it arrives, from the first one on.</param>
/// <param name="Context">Tokens of its prompt.</param>
/// <param name="Generated">Tokens of its answer.</param>
internal sealed record TraceArrival(TimeSpan At, int Context, int Generated);
