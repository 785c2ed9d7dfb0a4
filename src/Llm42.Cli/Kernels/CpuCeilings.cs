using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Llm42.Cli.Kernels;

/// <summary>Ceilings of the processor, by loops that do nothing else: reading memory, and multiply-adds in registers.</summary>
internal static class CpuCeilings
{
    private const long MostReadBytes = 1L << 30;
    private const int Runs = 3;
    private const int Steps = 1 << 20;

    /// <summary>Multiply-adds in flight: latency times units of any processor there is, and few enough for the registers.</summary>
    private const int Chains = 12;

    /// <summary>Keeps what the loops compute alive.</summary>
    private static float s_sink;

    public static IEnumerable<Ceiling> Measure(int threads)
    {
        long bytes = Math.Min(KernelDevice.ColdBytesOf("cpu"), MostReadBytes);
        var values = new float[bytes / sizeof(float)];
        Array.Fill(values, 1);
        int share = values.Length / threads;
        double seconds = Best(threads, thread => s_sink = Sum(values.AsSpan(thread * share, share)));
        yield return new Ceiling(CeilingKind.Memory, $"reading {bytes >> 20} MiB on {threads} threads", (double)share * threads * sizeof(float) / seconds);

        (int lanes, Action<int> loop, string name) = Fma512.IsSupported ? (16, _ => s_sink = Fma512.Run(), "AVX-512")
            : Fma256.IsSupported ? (8, _ => s_sink = Fma256.Run(), "AVX2")
            : (4, (Action<int>)(_ => s_sink = Fma128.Run()), "128-bit");
        seconds = Best(threads, loop);
        yield return new Ceiling(
            CeilingKind.Compute, $"f32 multiply-adds in registers, {name}, {threads} threads", 2.0 * lanes * Chains * Steps * threads / seconds);
    }

    /// <summary>The least time that all threads together needed.</summary>
    private static double Best(int threads, Action<int> work)
    {
        double best = double.MaxValue;
        for (int run = 0; run <= Runs; run++)
        {
            using var start = new Barrier(threads + 1);
            Thread[] all = [.. Enumerable.Range(0, threads).Select(i => new Thread(() =>
            {
                start.SignalAndWait();
                work(i);
            }))];
            foreach (Thread thread in all)
                thread.Start();
            start.SignalAndWait();
            long begin = Stopwatch.GetTimestamp();
            foreach (Thread thread in all)
                thread.Join();
            // The first run pays for the pages and the compiler.
            if (run > 0)
                best = Math.Min(best, Math.Max(Stopwatch.GetElapsedTime(begin).TotalSeconds, 1e-9));
        }

        return best;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Sum(ReadOnlySpan<float> values)
    {
        ReadOnlySpan<Vector256<float>> vectors = MemoryMarshal.Cast<float, Vector256<float>>(values);
        Vector256<float> a = default, b = default, c = default, d = default;
        for (int i = 0; i + 4 <= vectors.Length; i += 4)
        {
            a += vectors[i];
            b += vectors[i + 1];
            c += vectors[i + 2];
            d += vectors[i + 3];
        }

        return Vector256.Sum(a + b + c + d);
    }

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
