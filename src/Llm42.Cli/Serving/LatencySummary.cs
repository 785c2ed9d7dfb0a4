using Llm42.Cli.Statistics;

namespace Llm42.Cli.Serving;

/// <summary>Latencies of a kind and class, in seconds.</summary>
/// <param name="Sorted">All of them, ascending; one or more.</param>
internal sealed record LatencySummary(IReadOnlyList<double> Sorted)
{
    public int Count => Sorted.Count;

    public double Mean { get; } = Sorted.Average();

    public double P50 => Quantile.Of(Sorted, 0.5);

    public double P90 => Quantile.Of(Sorted, 0.9);

    public double P99 => Quantile.Of(Sorted, 0.99);

    public double Max => Sorted[^1];

    /// <summary>The summary; null of nothing.</summary>
    public static LatencySummary? Of(IEnumerable<TimeSpan> latencies)
    {
        double[] sorted = [.. latencies.Select(latency => latency.TotalSeconds).Order()];
        return sorted.Length == 0 ? null : new LatencySummary(sorted);
    }
}
