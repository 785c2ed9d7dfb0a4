namespace Llm42.Cli.Determinism;

/// <summary>Tokens per second with determinism and without it, measured in turns.</summary>
/// <param name="Drafter">What proposed the tokens of the deterministic requests.</param>
/// <param name="Concurrency">Requests at once.</param>
/// <param name="Fast">Tokens/s of each repetition without determinism.</param>
/// <param name="Deterministic">Tokens/s of each repetition with it.</param>
internal sealed record ThroughputFigure(
    string Drafter, int Concurrency, IReadOnlyList<double> Fast, IReadOnlyList<double> Deterministic)
{
    public double FastMedian => Median(Fast);

    public double DeterministicMedian => Median(Deterministic);

    /// <summary>Deterministic over not, of each repetition's neighbouring pair.</summary>
    public IReadOnlyList<double> Ratios => [.. Deterministic.Zip(Fast, (deterministic, fast) => deterministic / fast)];

    public double Ratio => Median(Ratios);

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
