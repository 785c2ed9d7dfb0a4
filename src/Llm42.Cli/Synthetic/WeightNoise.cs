namespace Llm42.Cli.Synthetic;

/// <summary>
/// Normally distributed weights of a seed, made quickly: each element is one of 4096 equally likely values, chosen by a
/// hash of the seed and its place, so that any stretch can be made alone.
/// </summary>
/// <param name="seed">Another seed, other weights.</param>
/// <param name="scale">Standard deviation; 0 for ones.</param>
internal sealed class WeightNoise(ulong seed, float scale)
{
    private const int Bits = 12;

    private static readonly float[] Quantiles = [.. Enumerable.Range(0, 1 << Bits).Select(i => (float)NormalQuantile((i + 0.5) / (1 << Bits)))];

    private readonly float[] _values = [.. Quantiles.Select(value => scale == 0 ? 1 : value * scale)];

    /// <summary>The elements from a place on, as bf16 (values cut off, as bits).</summary>
    public void Fill(long place, Span<ushort> bf16)
    {
        ushort[] table = [.. _values.Select(value => (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16))];
        for (int i = 0; i < bf16.Length; i++)
            bf16[i] = table[Index(place + i)];
    }

    /// <summary>The elements from a place on, the very values of bf16.</summary>
    public void Fill(long place, Span<float> f32)
    {
        float[] table = [.. _values.Select(value => BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(value) & 0xffff0000))];
        for (int i = 0; i < f32.Length; i++)
            f32[i] = table[Index(place + i)];
    }

    /// <summary>SplitMix64's finisher on a counter.</summary>
    private int Index(long place)
    {
        ulong x = seed + ((ulong)place * 0x9E3779B97F4A7C15UL);
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9UL;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EBUL;
        return (int)(x >> (64 - Bits));
    }

    /// <summary>The value below which a share of the standard normal distribution lies, by bisection of its tail.</summary>
    private static double NormalQuantile(double share)
    {
        double low = -9, high = 9;
        for (int i = 0; i < 60; i++)
        {
            double middle = (low + high) / 2;
            if (Cumulative(middle) < share)
                low = middle;
            else
                high = middle;
        }

        return (low + high) / 2;
    }

    /// <summary>Zelen and Severo's approximation, good to 1e-7.</summary>
    private static double Cumulative(double x)
    {
        double t = 1 / (1 + (0.2316419 * Math.Abs(x)));
        double tail = Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI)
            * t * (0.319381530 + (t * (-0.356563782 + (t * (1.781477937 + (t * (-1.821255978 + (t * 1.330274429))))))));
        return x > 0 ? 1 - tail : tail;
    }
}
