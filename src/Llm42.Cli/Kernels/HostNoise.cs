using System.Runtime.InteropServices;

namespace Llm42.Cli.Kernels;

/// <summary>Normally distributed numbers, the same in every run. A short stretch of them repeats, which no timing sees.</summary>
internal static class HostNoise
{
    /// <summary>A prime, so that the rows of a matrix do not repeat.</summary>
    private const int Period = 65521;

    private static readonly float[] Values = Draw();

    /// <summary>bfloat16, as bits.</summary>
    public static ushort[] Bf16(long count, float scale = 1)
    {
        ushort[] tile = [.. Values.Select(value => (ushort)(BitConverter.SingleToUInt32Bits(value * scale) >> 16))];
        return Repeat(tile, count);
    }

    /// <summary>binary32.</summary>
    public static float[] F32(long count, float scale = 1) => Repeat([.. Values.Select(value => value * scale)], count);

    /// <summary>Elements as bytes: bf16 for an element of 2 bytes, f32 for one of 4.</summary>
    public static byte[] Bytes(long count, int elementSize, float scale = 1) => elementSize == sizeof(ushort)
        ? MemoryMarshal.AsBytes(Bf16(count, scale).AsSpan()).ToArray()
        : MemoryMarshal.AsBytes(F32(count, scale).AsSpan()).ToArray();

    private static T[] Repeat<T>(T[] tile, long count)
    {
        var values = new T[count];
        for (long place = 0; place < count; place += tile.Length)
            Array.Copy(tile, 0, values, place, Math.Min(tile.Length, count - place));
        return values;
    }

    private static float[] Draw()
    {
        var random = new Random(42);
        var values = new float[Period];
        for (int i = 0; i < Period; i++)
            values[i] = (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
        return values;
    }
}
