namespace Llm42.Server.Operation;

/// <summary>Durations counted by how long they are.</summary>
/// <param name="bounds">Upper bounds of the buckets in seconds, ascending; one without a bound follows.</param>
internal sealed class LatencyHistogram(IReadOnlyList<double> bounds)
{
    private readonly Lock _lock = new();
    private readonly long[] _counts = new long[bounds.Count + 1];
    private double _sum;

    public IReadOnlyList<double> Bounds => bounds;

    /// <summary>Counts one.</summary>
    public void Add(double seconds)
    {
        var bucket = 0;
        while (bucket < bounds.Count && seconds > bounds[bucket])
            bucket++;
        lock (_lock)
        {
            _counts[bucket]++;
            _sum += seconds;
        }
    }

    /// <summary>The counts of the buckets, the last one without a bound, and the sum of all durations.</summary>
    public (long[] Counts, double Sum) Read()
    {
        lock (_lock)
            return ([.. _counts], _sum);
    }
}
