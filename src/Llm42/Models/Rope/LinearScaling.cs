namespace Llm42.Models.Rope;

/// <summary>Positions divided by a factor (Chen et al., 2023).</summary>
internal sealed class LinearScaling(double factor) : RopeScaling
{
    /// <inheritdoc/>
    public override void Stretch(Span<double> frequencies, double theta)
    {
        foreach (ref var frequency in frequencies)
            frequency /= factor;
    }
}
