namespace Llm42.Models.Rope;

/// <summary>Each frequency divided by a factor of its own (LongRoPE: Ding et al., 2024).</summary>
/// <param name="factors">One for each pair.</param>
/// <param name="amplitude">Factor of all cosines and sines.</param>
internal sealed class FactorScaling(IReadOnlyList<double> factors, double amplitude) : RopeScaling
{
    /// <inheritdoc/>
    public override double Amplitude => amplitude;

    /// <inheritdoc/>
    public override void Stretch(Span<double> frequencies, double theta)
    {
        for (var i = 0; i < frequencies.Length; i++)
            frequencies[i] /= factors[i];
    }
}
