namespace Llm42.Models.Rope;

/// <summary>Rotary position embedding of a model.</summary>
/// <param name="Theta">Base of the frequencies.</param>
/// <param name="RotarySize">Leading elements of each head that are rotated: even.</param>
/// <param name="Scaling">How the frequencies are stretched for longer contexts.</param>
internal sealed record RopeConfig(double Theta, int RotarySize, RopeScaling Scaling);
