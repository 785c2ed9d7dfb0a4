using System.Collections.Concurrent;

namespace Llm42.Server.Operation;

/// <summary>Requests that ended, by route and status, and how long they took.</summary>
internal sealed class HttpMetrics
{
    private static readonly double[] Seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];

    private readonly ConcurrentDictionary<(string Route, int Status), long> _requests = new();
    private readonly ConcurrentDictionary<string, LatencyHistogram> _durations = new(StringComparer.Ordinal);

    /// <summary>How many requests ended, by route and status, sorted.</summary>
    public IReadOnlyList<((string Route, int Status) Key, long Count)> Requests =>
        [.. _requests.Select(pair => (pair.Key, pair.Value)).OrderBy(pair => pair.Key)];

    /// <summary>How long they took, by route, sorted.</summary>
    public IReadOnlyList<(string Route, LatencyHistogram Durations)> Durations =>
        [.. _durations.Select(pair => (pair.Key, pair.Value)).OrderBy(pair => pair.Key, StringComparer.Ordinal)];

    /// <summary>Counts a request.</summary>
    public void Ended(string route, int status, TimeSpan time)
    {
        _requests.AddOrUpdate((route, status), 1, (_, count) => count + 1);
        _durations.GetOrAdd(route, _ => new LatencyHistogram(Seconds)).Add(time.TotalSeconds);
    }
}
