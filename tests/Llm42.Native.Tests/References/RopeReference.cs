namespace Llm42.Native.Tests.References;

/// <summary>Rotary embedding in float64, from the same fp32 table that the operator is given.</summary>
internal static class RopeReference
{
    /// <summary>A table as the operator takes it: cosines, then sines, per position.</summary>
    public static float[] Table(int positions, int rotarySize, double theta = 10000)
    {
        int half = rotarySize / 2;
        float[] table = new float[Math.Max(1, positions * rotarySize)];
        for (int p = 0; p < positions; ++p)
        {
            for (int i = 0; i < half; ++i)
            {
                double angle = p * Math.Pow(theta, -2.0 * i / rotarySize);
                table[p * rotarySize + i] = (float)Math.Cos(angle);
                table[p * rotarySize + half + i] = (float)Math.Sin(angle);
            }
        }

        return table;
    }

    /// <summary>Rotates one head.</summary>
    public static double[] Rotate(ReadOnlySpan<float> head, int rotarySize, int position, float[] table)
    {
        double[] output = new double[head.Length];
        for (int i = 0; i < head.Length; ++i)
        {
            output[i] = head[i];
        }

        int half = rotarySize / 2;
        for (int i = 0; i < half; ++i)
        {
            double cos = table[position * rotarySize + i];
            double sin = table[position * rotarySize + half + i];
            output[i] = head[i] * cos - head[i + half] * sin;
            output[i + half] = head[i + half] * cos + head[i] * sin;
        }

        return output;
    }
}
