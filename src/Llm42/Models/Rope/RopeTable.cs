namespace Llm42.Models.Rope;

/// <summary>Cosines and sines of every position and frequency, computed in double precision and rounded once.</summary>
internal static class RopeTable
{
    /// <summary>
    /// Fills rows of RotarySize floats from position <paramref name="firstPosition"/> on: first the cosines, then the
    /// sines.
    /// </summary>
    public static void Fill(RopeConfig rope, int firstPosition, Span<float> rows)
    {
        var half = rope.Frequencies.Count;
        for (var row = 0; row * 2 * half < rows.Length; row++)
        {
            var cosines = rows.Slice(row * 2 * half, half);
            var sines = rows.Slice((row * 2 * half) + half, half);
            for (var i = 0; i < half; i++)
            {
                var (sin, cos) = PortableMath.SinCos((firstPosition + row) * rope.Frequencies[i]);
                cosines[i] = (float)(cos * rope.Amplitude);
                sines[i] = (float)(sin * rope.Amplitude);
            }
        }
    }
}
