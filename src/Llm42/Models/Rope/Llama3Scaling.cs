namespace Llm42.Models.Rope;

/// <summary>Low frequencies divided, high ones kept, a ramp between (Llama 3.1).</summary>
/// <param name="factor">Divisor of the low frequencies.</param>
/// <param name="lowFrequencyFactor">Wavelengths above original context / this are stretched in full.</param>
/// <param name="highFrequencyFactor">Wavelengths below original context / this are left alone.</param>
/// <param name="originalContext">Context of the pre-training.</param>
internal sealed class Llama3Scaling(
    double factor, double lowFrequencyFactor, double highFrequencyFactor, int originalContext) : RopeScaling
{
    /// <inheritdoc/>
    public override void Stretch(Span<double> frequencies, double theta)
    {
        foreach (ref var frequency in frequencies)
            frequency = Stretch(frequency);
    }

    private double Stretch(double frequency)
    {
        var wavelength = 2 * Math.PI / frequency;
        if (wavelength < originalContext / highFrequencyFactor)
            return frequency;
        if (wavelength > originalContext / lowFrequencyFactor)
            return frequency / factor;
        var smooth = ((originalContext / wavelength) - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor);
        return ((1 - smooth) * (frequency / factor)) + (smooth * frequency);
    }
}
