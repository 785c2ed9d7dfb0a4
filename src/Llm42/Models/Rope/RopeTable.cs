namespace Llm42.Models.Rope;

/// <summary>Cosines and sines of every position and frequency, computed in double precision and rounded once.</summary>
internal static class RopeTable
{
    /// <summary>The frequencies of element pairs 0 .. RotarySize / 2 - 1, in radians per position.</summary>
    public static double[] Frequencies(RopeConfig rope)
    {
        var frequencies = new double[rope.RotarySize / 2];
        for (var i = 0; i < frequencies.Length; i++)
            frequencies[i] = rope.Scaling.Scale(PortableMath.Pow(rope.Theta, -2.0 * i / rope.RotarySize));
        return frequencies;
    }

    /// <summary>
    /// Fills rows of RotarySize floats from position <paramref name="firstPosition"/> on: first the cosines, then the
    /// sines.
    /// </summary>
    public static void Fill(ReadOnlySpan<double> frequencies, int firstPosition, Span<float> rows)
    {
        var half = frequencies.Length;
        for (var row = 0; row * 2 * half < rows.Length; row++)
        {
            var cosines = rows.Slice(row * 2 * half, half);
            var sines = rows.Slice((row * 2 * half) + half, half);
            for (var i = 0; i < half; i++)
            {
                var (sin, cos) = PortableMath.SinCos((firstPosition + row) * frequencies[i]);
                cosines[i] = (float)cos;
                sines[i] = (float)sin;
            }
        }
    }
}
