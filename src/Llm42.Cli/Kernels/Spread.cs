namespace Llm42.Cli.Kernels;

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
        return new Spread(At(0.5), At(0.25), At(0.75));

        double At(double share)
        {
            double place = share * (sorted.Length - 1);
            int below = (int)place;
            return below + 1 < sorted.Length ? sorted[below] + ((place - below) * (sorted[below + 1] - sorted[below])) : sorted[below];
        }
    }
}
