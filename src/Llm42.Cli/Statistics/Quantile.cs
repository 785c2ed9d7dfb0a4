namespace Llm42.Cli.Statistics;

/// <summary>Quantiles by linear interpolation between the two nearest values, as numpy's default has them.</summary>
internal static class Quantile
{
    /// <summary>The value below which a share of them lies.</summary>
    /// <param name="sorted">One value or more, ascending.</param>
    /// <param name="share">0 to 1.</param>
    public static double Of(IReadOnlyList<double> sorted, double share)
    {
        double place = share * (sorted.Count - 1);
        int below = (int)place;
        return below + 1 < sorted.Count ? sorted[below] + ((place - below) * (sorted[below + 1] - sorted[below])) : sorted[below];
    }
}
