using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Llm42.Native;

namespace Llm42.Cli.Machine;

/// <summary>Ceilings of the processor, by loops that do nothing else: reading memory, and multiply-adds in registers, of f32 and of int8.</summary>
internal static class CpuCeilings
{
    /// <summary>More than the caches of nearly all processors, and no more than what a machine can spare.</summary>
    private const long MostReadBytes = 1L << 30;

    private const int Slices = 60;

    /// <summary>About two milliseconds of multiply-adds.</summary>
    private const int Steps = 1 << 19;

    /// <summary>About two milliseconds of int8 products.</summary>
    private const long Int8Rounds = 1 << 19;

    /// <summary>Multiply-adds in flight: latency times units of any processor there is, and few enough for the registers.</summary>
    private const int Chains = 12;

    /// <summary>Keeps what the loops compute alive.</summary>
    private static float s_sink;

    /// <summary>Measures one thread and all threads.</summary>
    /// <param name="threads">All threads.</param>
    /// <param name="coldBytes">More bytes than the caches hold.</param>
    public static IEnumerable<Ceiling> Measure(int threads, long coldBytes)
    {
        int[] counts = threads > 1 ? [1, threads] : [1];
        var reading = new MemoryReading(Math.Min(coldBytes, MostReadBytes));
        foreach (int count in counts)
        {
            (double rate, int streams) = reading.Best(count);
            yield return new Ceiling(CeilingKind.Memory, $"reading {reading.Bytes >> 20} MiB, {Threads(count)}, {streams} streams each", rate, count);
        }

        (int lanes, Action loop, string name) = Fma512.IsSupported ? (16, () => s_sink = Fma512.Run(), "AVX-512")
            : Fma256.IsSupported ? (8, () => s_sink = Fma256.Run(), "AVX2")
            : (4, (Action)(() => s_sink = Fma128.Run()), "128-bit");
        foreach (int count in counts)
        {
            double rate = 2.0 * lanes * Chains * Steps * count * SliceTimer.Best(count, Slices, (_, _) => loop());
            yield return new Ceiling(CeilingKind.Compute, $"f32 multiply-adds in registers, {name}, {Threads(count)}", rate, count);
        }
    }

    /// <summary>Measures products of int8, with the instructions that the device has for them.</summary>
    /// <param name="threads">All threads.</param>
    /// <param name="device">A device of the cpu backend.</param>
    public static IEnumerable<Ceiling> MeasureInt8(int threads, NativeDevice device)
    {
        long operations = device.RunInt8(Int8Rounds);
        int[] counts = threads > 1 ? [1, threads] : [1];
        foreach (int count in counts)
        {
            double rate = (double)operations * count * SliceTimer.Best(count, Slices, (_, _) => device.RunInt8(Int8Rounds));
            yield return new Ceiling(CeilingKind.Int8, $"int8 products in registers, {Threads(count)}", rate, count);
        }
    }

    private static string Threads(int count) => count == 1 ? "1 thread" : $"{count} threads";

    private static class Fma512
    {
        public static bool IsSupported => Avx512F.IsSupported;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public static float Run()
        {
            Vector512<float> x = Vector512.Create(0.999f), y = Vector512.Create(0.001f);
            Vector512<float> a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;
            for (int step = 0; step < Steps; step++)
            {
                a = Avx512F.FusedMultiplyAdd(a, x, y);
                b = Avx512F.FusedMultiplyAdd(b, x, y);
                c = Avx512F.FusedMultiplyAdd(c, x, y);
                d = Avx512F.FusedMultiplyAdd(d, x, y);
                e = Avx512F.FusedMultiplyAdd(e, x, y);
                f = Avx512F.FusedMultiplyAdd(f, x, y);
                g = Avx512F.FusedMultiplyAdd(g, x, y);
                h = Avx512F.FusedMultiplyAdd(h, x, y);
                i = Avx512F.FusedMultiplyAdd(i, x, y);
                j = Avx512F.FusedMultiplyAdd(j, x, y);
                k = Avx512F.FusedMultiplyAdd(k, x, y);
                l = Avx512F.FusedMultiplyAdd(l, x, y);
            }

            return (a + b + c + d + e + f + g + h + i + j + k + l)[0];
        }
    }

    private static class Fma256
    {
        public static bool IsSupported => Fma.IsSupported;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public static float Run()
        {
            Vector256<float> x = Vector256.Create(0.999f), y = Vector256.Create(0.001f);
            Vector256<float> a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;
            for (int step = 0; step < Steps; step++)
            {
                a = Fma.MultiplyAdd(a, x, y);
                b = Fma.MultiplyAdd(b, x, y);
                c = Fma.MultiplyAdd(c, x, y);
                d = Fma.MultiplyAdd(d, x, y);
                e = Fma.MultiplyAdd(e, x, y);
                f = Fma.MultiplyAdd(f, x, y);
                g = Fma.MultiplyAdd(g, x, y);
                h = Fma.MultiplyAdd(h, x, y);
                i = Fma.MultiplyAdd(i, x, y);
                j = Fma.MultiplyAdd(j, x, y);
                k = Fma.MultiplyAdd(k, x, y);
                l = Fma.MultiplyAdd(l, x, y);
            }

            return (a + b + c + d + e + f + g + h + i + j + k + l)[0];
        }
    }

    private static class Fma128
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public static float Run()
        {
            Vector128<float> x = Vector128.Create(0.999f), y = Vector128.Create(0.001f);
            Vector128<float> a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;
            for (int step = 0; step < Steps; step++)
            {
                a = (a * x) + y;
                b = (b * x) + y;
                c = (c * x) + y;
                d = (d * x) + y;
                e = (e * x) + y;
                f = (f * x) + y;
                g = (g * x) + y;
                h = (h * x) + y;
                i = (i * x) + y;
                j = (j * x) + y;
                k = (k * x) + y;
                l = (l * x) + y;
            }

            return (a + b + c + d + e + f + g + h + i + j + k + l)[0];
        }
    }
}
