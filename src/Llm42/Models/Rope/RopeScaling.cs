namespace Llm42.Models.Rope;

/// <summary>How RoPE frequencies are stretched for contexts longer than those of the pre-training.</summary>
/// <param name="Kind">The formula.</param>
/// <param name="Factor">Stretch of the context; 1 for none.</param>
/// <param name="LowFrequencyFactor">llama3: wavelengths above original context / this are stretched in full.</param>
/// <param name="HighFrequencyFactor">llama3: wavelengths below original context / this are left alone.</param>
/// <param name="OriginalContext">llama3: context of the pre-training.</param>
internal sealed record RopeScaling(
    RopeScalingKind Kind,
    double Factor = 1,
    double LowFrequencyFactor = 0,
    double HighFrequencyFactor = 0,
    int OriginalContext = 0)
{
    /// <summary>Frequencies as they are.</summary>
    public static RopeScaling None { get; } = new(RopeScalingKind.Default);

    /// <summary>The frequency to use in place of an unscaled one.</summary>
    public double Scale(double frequency) => Kind switch
    {
        RopeScalingKind.Default => frequency,
        RopeScalingKind.Linear => frequency / Factor,
        RopeScalingKind.Llama3 => ScaleLlama3(frequency),
        _ => throw new InvalidOperationException($"rope scaling {Kind} has no formula."),
    };

    private double ScaleLlama3(double frequency)
    {
        var wavelength = 2 * Math.PI / frequency;
        if (wavelength < OriginalContext / HighFrequencyFactor)
            return frequency;
        if (wavelength > OriginalContext / LowFrequencyFactor)
            return frequency / Factor;
        var smooth = ((OriginalContext / wavelength) - LowFrequencyFactor) / (HighFrequencyFactor - LowFrequencyFactor);
        return ((1 - smooth) * (frequency / Factor)) + (smooth * frequency);
    }
}
