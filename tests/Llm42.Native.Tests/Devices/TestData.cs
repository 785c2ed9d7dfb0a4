namespace Llm42.Native.Tests.Devices;

/// <summary>Reproducible numbers: a function of the seed alone.</summary>
internal static class TestData
{
    /// <summary>Row counts around the edges of the tiles that kernels like to use.</summary>
    public static readonly int[] RowCounts = [1, 2, 3, 5, 6, 7, 11, 12, 13, 16, 24, 25, 31, 32, 33, 64, 65, 100];

    /// <summary>Values in -scale..scale.</summary>
    public static float[] Floats(int count, int seed, float scale = 1)
    {
        ulong state = (ulong)seed * 0x9e3779b97f4a7c15 + 0x1234567;
        float[] values = new float[count];
        for (int i = 0; i < count; ++i)
        {
            values[i] = ((Next(ref state) >> 40) / (float)(1 << 23) - 1) * scale;
        }

        return values;
    }

    /// <summary>Integers in 0..limit-1.</summary>
    public static int[] Integers(int count, int limit, int seed)
    {
        ulong state = (ulong)seed * 0x9e3779b97f4a7c15 + 0x7654321;
        int[] values = new int[count];
        for (int i = 0; i < count; ++i)
        {
            values[i] = (int)(Next(ref state) % (ulong)limit);
        }

        return values;
    }

    /// <summary>The numbers 0..count-1 in a shuffled order.</summary>
    public static int[] Permutation(int count, int seed)
    {
        int[] values = [.. Enumerable.Range(0, count)];
        int[] picks = Integers(count, int.MaxValue, seed);
        for (int i = count - 1; i > 0; --i)
        {
            int j = picks[i] % (i + 1);
            (values[i], values[j]) = (values[j], values[i]);
        }

        return values;
    }

    /// <summary>Rows of a matrix, chosen by index.</summary>
    public static float[] Rows(float[] matrix, int width, IReadOnlyList<int> rows)
    {
        float[] chosen = new float[rows.Count * width];
        for (int i = 0; i < rows.Count; ++i)
        {
            Array.Copy(matrix, rows[i] * width, chosen, i * width, width);
        }

        return chosen;
    }

    private static ulong Next(ref ulong state)
    {
        state += 0x9e3779b97f4a7c15;
        ulong z = state;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }
}
