using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Llm42.Cli.Machine;

/// <summary>Reads memory as fast as it comes: several streams per thread, since one alone does not keep enough requests in flight.</summary>
internal sealed class MemoryReading
{
    private const int SliceBytes = 48 << 20;
    private const int Passes = 3;
    private const int LeastSlices = 24;

    /// <summary>Elements of a vector.</summary>
    private const int Lanes = 16;

    /// <summary>Vectors that are read in each turn of the loop, and the most streams.</summary>
    private const int Vectors = 8;

    private static readonly int[] Streams = [1, 2, 4, 8];

    /// <summary>Keeps what the loops compute alive.</summary>
    private static float s_sink;

    private readonly float[] _values;
    private readonly int _slices;

    /// <param name="bytes">More than the caches hold; rounded up to whole slices.</param>
    public MemoryReading(long bytes)
    {
        _slices = (int)((bytes + SliceBytes - 1) / SliceBytes);
        _values = GC.AllocateUninitializedArray<float>(checked(_slices * (SliceBytes / sizeof(float))), pinned: true);
        // Memory that was never written is one page of zeros.
        Array.Fill(_values, 1);
    }

    /// <summary>Bytes that are gone through before any is read again.</summary>
    public long Bytes => (long)_values.Length * sizeof(float);

    /// <summary>The highest rate of some threads, and with how many streams of each.</summary>
    public (double BytesPerSecond, int Streams) Best(int threads) => Streams
        .Select(streams => (SliceBytes * SliceTimer.Best(threads, Math.Max(LeastSlices, Passes * _slices), (thread, slice) => Read(thread, threads, slice, streams)), streams))
        .Max();

    private void Read(int thread, int threads, int slice, int streams)
    {
        const int sliceLength = SliceBytes / sizeof(float);
        int length = sliceLength / threads;
        s_sink = Sum(_values.AsSpan((slice % _slices * sliceLength) + (thread * length), length), streams);
    }

    /// <summary>The sum of nearly all values, read as so many streams side by side.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Sum(ReadOnlySpan<float> values, int streams)
    {
        int stride = values.Length / streams / (Vectors * Lanes) * (Vectors * Lanes);
        int step = Vectors / streams * Lanes;
        ref readonly float first = ref values[0];
        int o1 = Offset(1), o2 = Offset(2), o3 = Offset(3), o4 = Offset(4), o5 = Offset(5), o6 = Offset(6), o7 = Offset(7);
        Vector512<float> a = default, b = default, c = default, d = default, e = default, f = default, g = default, h = default;
        for (int i = 0; i + step <= stride; i += step)
        {
            a += Vector512.LoadUnsafe(in first, (nuint)i);
            b += Vector512.LoadUnsafe(in first, (nuint)(i + o1));
            c += Vector512.LoadUnsafe(in first, (nuint)(i + o2));
            d += Vector512.LoadUnsafe(in first, (nuint)(i + o3));
            e += Vector512.LoadUnsafe(in first, (nuint)(i + o4));
            f += Vector512.LoadUnsafe(in first, (nuint)(i + o5));
            g += Vector512.LoadUnsafe(in first, (nuint)(i + o6));
            h += Vector512.LoadUnsafe(in first, (nuint)(i + o7));
        }

        return Vector512.Sum(a + b + c + d + e + f + g + h);

        // Streams first: vector 1 of two streams is the beginning of the second.
        int Offset(int vector) => (vector % streams * stride) + (vector / streams * Lanes);
    }
}
