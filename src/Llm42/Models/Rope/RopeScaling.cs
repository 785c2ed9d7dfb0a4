namespace Llm42.Models.Rope;

/// <summary>How RoPE is stretched for contexts longer than those of the pre-training. This one: not at all.</summary>
internal class RopeScaling
{
    /// <summary>Frequencies as they are.</summary>
    public static RopeScaling None { get; } = new();

    /// <summary>Factor of all cosines and sines.</summary>
    public virtual double Amplitude => 1;

    /// <summary>Changes the frequencies theta^(-2 i / RotarySize) of all pairs i.</summary>
    public virtual void Stretch(Span<double> frequencies, double theta)
    {
    }
}
