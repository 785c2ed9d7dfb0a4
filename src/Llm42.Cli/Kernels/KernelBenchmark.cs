using System.Diagnostics;
using System.Text.RegularExpressions;
using Llm42.Cli.Determinism;
using Llm42.Cli.Kernels.Works;
using Llm42.Cli.Machine;
using Llm42.Cli.Statistics;
using Llm42.Native;

namespace Llm42.Cli.Kernels;

/// <summary>Measures the operators, fast and invariant numerics in turns, and then PyTorch on the same shapes.</summary>
internal sealed partial class KernelBenchmark(KernelOptions options, ICheckProgress progress)
{
    private const int FewestSamples = 3;
    private const int MostSamples = 1000;
    private const double SampleSeconds = 0.004;
    private const string DriverFile = "/proc/driver/nvidia/version";

    public async Task<KernelReport> RunAsync(CancellationToken cancellation)
    {
        DateTimeOffset started = DateTimeOffset.UtcNow;
        // A device belongs to one thread at a time, and what it computes blocks that thread.
        (NativeDeviceInfo device, Ceilings ceilings, IReadOnlyList<KernelOutcome> outcomes) =
            await Task.Run(() => Measure(cancellation), cancellation).ConfigureAwait(false);

        // After the device is closed, so that both have the memory and the machine for themselves.
        KernelCase[] asked = [.. outcomes.Where(outcome => outcome.Skipped is null).Select(outcome => outcome.Case)];
        PeerRun peer = await new PyTorchPeer(options, device, progress).RunAsync(asked, cancellation).ConfigureAwait(false);
        return new KernelReport(
            options, started, device, Driver(device), new Ceilings([.. ceilings.Measured, .. peer.Ceilings]), outcomes, peer);
    }

    private static string? Driver(NativeDeviceInfo device)
    {
        if (device.Backend != "cuda" || !File.Exists(DriverFile))
            return null;
        Match version = DriverVersion().Match(File.ReadLines(DriverFile).FirstOrDefault() ?? "");
        return version.Success ? version.Value : null;
    }

    private (NativeDeviceInfo, Ceilings, IReadOnlyList<KernelOutcome>) Measure(CancellationToken cancellation)
    {
        using KernelDevice device = KernelDevice.Open(options.Device);
        var timer = new LaunchTimer(device, Math.Min(SampleSeconds, options.Seconds / FewestSamples));
        IReadOnlyList<KernelCase> cases = options.Cases;

        progress.Begin("ceilings", 1);
        bool isCpu = device.Info.Backend == "cpu";
        var ceilings = new Ceilings([.. isCpu ? CpuCeilings.Measure(device.Info.Threads, KernelDevice.ColdBytesOf("cpu")) : CudaCeilings.Measure(device, timer)]);
        progress.Step();

        progress.Begin("operators", cases.Count);
        var outcomes = new List<KernelOutcome>();
        using var weights = new WeightPool(device);
        foreach (KernelCase one in cases)
        {
            cancellation.ThrowIfCancellationRequested();
            outcomes.Add(Measure(device, timer, weights, one));
            progress.Step();
        }

        return (device.Info, ceilings, outcomes);
    }

    private KernelOutcome Measure(KernelDevice device, LaunchTimer timer, WeightPool weights, KernelCase one)
    {
        try
        {
            if (!one.IsLinear && !one.IsGrouped)
                weights.Clear();
            using KernelWork work = WorkOf(one, weights);
            work.Allocate(device, one.Shape);
            bool hasFast = one.HasNumerics && !device.Info.FastIsInvariant;
            using LaunchSequence invariant = timer.Prepare(number => work.Launch(number, Numerics.Invariant), work.Copies);
            using LaunchSequence? fast = hasFast ? timer.Prepare(number => work.Launch(number, Numerics.Fast), work.Copies) : null;
            return Sample(timer, one, invariant, fast) with { Copies = work.Copies, MemoryBytes = device.Info.MemoryAllocated };
        }
        catch (NativeException error) when (error.Status is Status.OutOfMemory or Status.Unsupported)
        {
            return KernelOutcome.Skip(one, error.Message);
        }
    }

    /// <summary>Samples of both numerics in turns, each first half of the time.</summary>
    private KernelOutcome Sample(LaunchTimer timer, KernelCase one, LaunchSequence invariant, LaunchSequence? fast)
    {
        List<(double Seconds, double HostSeconds)> ofInvariant = [], ofFast = [];
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < FewestSamples || (i < MostSamples && Stopwatch.GetElapsedTime(start).TotalSeconds < options.Seconds); i++)
        {
            if (fast is not null && i % 2 == 0)
                ofFast.Add(timer.Time(fast));
            ofInvariant.Add(timer.Time(invariant));
            if (fast is not null && i % 2 == 1)
                ofFast.Add(timer.Time(fast));
        }

        return new KernelOutcome(
            one,
            Timing(ofInvariant, invariant),
            fast is null ? null : Timing(ofFast, fast),
            fast is null ? null : Spread.Of(ofInvariant.Zip(ofFast, (mine, other) => mine.Seconds / other.Seconds)),
            Copies: 0,
            MemoryBytes: 0,
            Skipped: null);
    }

    private static KernelTiming Timing(List<(double Seconds, double HostSeconds)> samples, LaunchSequence sequence) => new(
        Spread.Of(samples.Select(sample => sample.Seconds)), Spread.Of(samples.Select(sample => sample.HostSeconds)).Median,
        sequence.Launches, samples.Count);

    private static KernelWork WorkOf(KernelCase one, WeightPool weights) => one.Operator switch
    {
        KernelOperator.AttentionDecode or KernelOperator.AttentionPrefill => new AttentionWork(),
        KernelOperator.RmsNorm => new RmsNormWork(),
        KernelOperator.RopeWriteKv => new RopeWriteKvWork(),
        KernelOperator.Greedy => new SampleWork(temperature: 0, topP: 1),
        KernelOperator.Sample => new SampleWork(temperature: 0.8f, topP: 0.9f),
        KernelOperator.TopLogprobs => new TopLogprobsWork(),
        KernelOperator.CopyPage => new CopyPageWork(),
        KernelOperator.MoeRoute => new MoeRouteWork(),
        KernelOperator.MoePermute => new MoePermuteWork(),
        KernelOperator.MoeCombine => new MoeCombineWork(),
        KernelOperator.MoeGateUp or KernelOperator.MoeDown => new GroupedLinearWork(one.Epilogue, WeightsOf(one, weights)),
        _ => new LinearWork(
            one.Epilogue,
            one.Operator == KernelOperator.LinearHead ? DType.F32 : DType.Default,
            WeightsOf(one, weights)),
    };

    private static WeightCopies WeightsOf(KernelCase one, WeightPool weights) => weights.Of(
        one.Shape.N!.Value, one.Shape.K!.Value, one.Epilogue == Epilogue.SwiGlu ? WeightLayout.GateUp : WeightLayout.Rows,
        one.Shape.Experts ?? 1);

    [GeneratedRegex(@"\d+\.\d+(\.\d+)?")]
    private static partial Regex DriverVersion();
}
