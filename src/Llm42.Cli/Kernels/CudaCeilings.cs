using Llm42.Cli.Kernels.Works;
using Llm42.Cli.Machine;
using Llm42.Native;
using Llm42.Native.Arguments;

namespace Llm42.Cli.Kernels;

/// <summary>Ceilings of a GPU, by the library's own operators: rows copied, and a large matrix product.</summary>
internal static class CudaCeilings
{
    /// <summary>M, N and K of the product, here and in the peer's.</summary>
    public const int MatrixSize = 8192;

    private const int CopyWidth = 4096;
    private const int CopyRows = 1 << 16;
    private const int Samples = 5;

    /// <param name="device">The device.</param>
    /// <param name="timer">Its timer.</param>
    public static IEnumerable<Ceiling> Measure(KernelDevice device, LaunchTimer timer)
    {
        // The emulator needs the same code, not the same sizes.
        bool isReal = device.Info.Backend == "cuda";
        return Copy(device, timer, isReal ? CopyRows : 16).Concat(Product(device, timer, isReal ? MatrixSize : 128));
    }

    private static IEnumerable<Ceiling> Copy(KernelDevice device, LaunchTimer timer, int rows)
    {
        long bytes = (long)rows * CopyWidth * device.ActivationSize;
        using NativeBuffer input = device.Noise((long)rows * CopyWidth, device.ActivationSize);
        using NativeBuffer output = device.Room(bytes);
        using NativeBuffer indices = device.Upload<int>([.. Enumerable.Range(0, rows)]);
        double seconds = Best(timer, _ => Operators.GatherRows(device.Stream, new GatherRowsArguments
        {
            Rows = rows,
            InputRows = rows,
            Width = CopyWidth,
            Indices = indices,
            Input = input,
            Output = output,
        }));
        return [new Ceiling(CeilingKind.Memory, $"gather_rows of {rows} x {CopyWidth}, read and written", 2.0 * bytes / seconds)];
    }

    private static IEnumerable<Ceiling> Product(KernelDevice device, LaunchTimer timer, int size)
    {
        using var weights = new WeightCopies(device, size, size, WeightLayout.Rows);
        using var work = new LinearWork(Epilogue.None, DType.Default, weights);
        work.Allocate(device, new KernelShape(Rows: size, N: size, K: size));
        return
        [
            .. new[] { (Numerics.Fast, "fast"), (Numerics.Invariant, "invariant") }.Select(numerics => new Ceiling(
                CeilingKind.Compute,
                $"linear of {size} x {size} x {size}, {numerics.Item2}",
                2.0 * size * size * size / Best(timer, number => work.Launch(number, numerics.Item1), work.Copies))),
        ];
    }

    private static double Best(LaunchTimer timer, Action<int> launch, int copies = 1)
    {
        using LaunchSequence sequence = timer.Prepare(launch, copies);
        return Enumerable.Range(0, Samples).Min(_ => timer.Time(sequence).Seconds);
    }
}
