namespace Llm42.Models.Rope;

/// <summary>Rotary position embedding of a model (Su et al., 2021).</summary>
/// <param name="RotarySize">Leading elements of each head that are rotated: even.</param>
/// <param name="Frequencies">Of the RotarySize / 2 pairs, in radians per position, stretched as the model wants them.</param>
/// <param name="Amplitude">Factor of all cosines and sines.</param>
internal sealed record RopeConfig(int RotarySize, IReadOnlyList<double> Frequencies, double Amplitude)
{
    /// <summary>Frequencies theta^(-2 i / RotarySize), stretched.</summary>
    public static RopeConfig Of(double theta, int rotarySize, RopeScaling scaling)
    {
        var frequencies = new double[rotarySize / 2];
        for (var i = 0; i < frequencies.Length; i++)
            frequencies[i] = PortableMath.Pow(theta, -2.0 * i / rotarySize);
        scaling.Stretch(frequencies, theta);
        return new RopeConfig(rotarySize, frequencies, scaling.Amplitude);
    }
}
