namespace Llm42.Cli.Statistics;

/// <summary>A figure over repetitions.</summary>
/// <param name="Median">The middle one.</param>
/// <param name="LowerQuartile">A quarter lies below.</param>
/// <param name="UpperQuartile">A quarter lies above.</param>
internal sealed record Spread(double Median, double LowerQuartile, double UpperQuartile)
{
    /// <summary>The spread of at least one value.</summary>
    public static Spread Of(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return new Spread(Quantile.Of(sorted, 0.5), Quantile.Of(sorted, 0.25), Quantile.Of(sorted, 0.75));
    }
}
