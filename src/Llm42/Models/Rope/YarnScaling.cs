namespace Llm42.Models.Rope;

/// <summary>
/// YaRN (Peng et al., 2023): pairs that turn often within the original context keep their frequency, pairs that turn
/// seldom have it divided, with a ramp over the pairs between; cosines and sines grow with the factor.
/// </summary>
internal sealed class YarnScaling : RopeScaling
{
    /// <summary>Divisor of the low frequencies.</summary>
    public required double Factor { get; init; }

    /// <summary>Context of the pre-training.</summary>
    public required int OriginalContext { get; init; }

    /// <summary>Turns within the original context from which on a pair is left alone.</summary>
    public required double BetaFast { get; init; }

    /// <summary>Turns within the original context up to which a pair is stretched in full.</summary>
    public required double BetaSlow { get; init; }

    /// <summary>The ramp begins and ends at whole pairs.</summary>
    public required bool IsTruncated { get; init; }

    /// <summary>Factor of all cosines and sines; the paper's 0.1 ln(factor) + 1 where a config names none.</summary>
    public required double AttentionFactor { get; init; }

    /// <inheritdoc/>
    public override double Amplitude => AttentionFactor;

    /// <summary>The paper's factor of cosines and sines.</summary>
    public static double Magnitude(double factor, double scale = 1) =>
        factor <= 1 ? 1 : (0.1 * scale * PortableMath.Log(factor)) + 1;

    /// <inheritdoc/>
    public override void Stretch(Span<double> frequencies, double theta)
    {
        var rotarySize = 2 * frequencies.Length;
        var low = PairOfTurns(BetaFast, rotarySize, theta);
        var high = PairOfTurns(BetaSlow, rotarySize, theta);
        if (IsTruncated)
            (low, high) = (Math.Floor(low), Math.Ceiling(high));
        low = Math.Max(low, 0);
        high = Math.Min(high, rotarySize - 1);
        if (low == high)
            high += 0.001;
        for (var i = 0; i < frequencies.Length; i++)
        {
            var stretched = Math.Clamp((i - low) / (high - low), 0, 1);
            frequencies[i] = (frequencies[i] / Factor * stretched) + (frequencies[i] * (1 - stretched));
        }
    }

    // The pair, as a real number, that makes so many turns within the original context.
    private double PairOfTurns(double turns, int rotarySize, double theta) =>
        rotarySize * PortableMath.Log(OriginalContext / (turns * 2 * Math.PI)) / (2 * PortableMath.Log(theta));
}
