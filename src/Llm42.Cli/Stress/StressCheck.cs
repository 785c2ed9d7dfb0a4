using System.Diagnostics;
using Llm42.Cli.Determinism;
using Llm42.Native;

namespace Llm42.Cli.Stress;

/// <summary>
/// Answers a fixed set of deterministic requests thousands of times, under hundreds of settings and loads, and compares
/// each answer bit for bit with the one that an idle engine gives to the same request alone.
/// </summary>
internal sealed class StressCheck(string modelDirectory, InferenceEngineOptions engineOptions, StressOptions options, ICheckProgress progress)
{
    /// <summary>Configurations of the control.</summary>
    private const int ControlConfigurations = 10;

    public async Task<StressReport> RunAsync(CancellationToken cancellation)
    {
        var watch = Stopwatch.StartNew();
        IReadOnlyList<CpuIsa> instructionSets = FindInstructionSets();
        StressSubject subject = await StressSubject.PrepareAsync(
            modelDirectory, engineOptions, options, instructionSets,
            steps => progress.Begin("each request alone on an idle engine", steps), progress.Step, cancellation).ConfigureAwait(false);
        (StressTotals control, StressTotals controlWithDeterminism) = await ControlAsync(instructionSets, cancellation).ConfigureAwait(false);

        var totals = new StressTotals();
        progress.Begin("configurations", options.Configurations);
        int answers = 0;
        // A few more than asked for: those of slow engines have fewer answers.
        for (int number = 0; number < options.Configurations || answers < options.Answers; number++)
        {
            answers += await subject.TryAsync(number, isDeterministic: true, totals, cancellation).ConfigureAwait(false);
            progress.Step();
        }

        await SoakAsync(subject, totals, watch, cancellation).ConfigureAwait(false);
        return new StressReport(
            subject.Model, subject.Engine, options, totals, control, controlWithDeterminism, watch.Elapsed);
    }

    /// <summary>Goes on with further configurations until the time is over.</summary>
    private async Task SoakAsync(StressSubject subject, StressTotals totals, Stopwatch watch, CancellationToken cancellation)
    {
        if (watch.Elapsed >= options.Soak)
            return;
        int first = (int)watch.Elapsed.TotalSeconds;
        int last = (int)Math.Ceiling(options.Soak.TotalSeconds);
        progress.Begin("further configurations, in seconds", last - first);
        int told = first;
        for (int number = totals.Configurations; watch.Elapsed < options.Soak; number++)
        {
            await subject.TryAsync(number, isDeterministic: true, totals, cancellation).ConfigureAwait(false);
            for (; told < Math.Min(last, (int)watch.Elapsed.TotalSeconds); told++)
                progress.Step();
        }
    }

    /// <summary>
    /// The control: a model whose logits are nearly flat, fast numerics that split as on many cores, no determinism. Then
    /// the same with it.
    /// </summary>
    private async Task<(StressTotals Without, StressTotals With)> ControlAsync(
        IReadOnlyList<CpuIsa> instructionSets, CancellationToken cancellation)
    {
        InferenceEngineOptions manyCores = engineOptions with { PlannedThreads = DeterminismCheck.ManyCores };
        StressOptions controlOptions = options with { FixedOptions = options.FixedOptions.Append("--planned-threads").ToHashSet() };
        string directory = Directory.CreateTempSubdirectory("llm42-stress-").FullName;
        try
        {
            RandomModel.FlatFor(engineOptions.Backend).Write(directory, unchecked((int)options.Seed));
            StressSubject subject = await StressSubject.PrepareAsync(
                directory, manyCores, controlOptions, instructionSets,
                steps => progress.Begin("control: each request alone on an idle engine", steps), progress.Step, cancellation).ConfigureAwait(false);
            return (
                await RunControlAsync(subject, isDeterministic: false, cancellation).ConfigureAwait(false),
                await RunControlAsync(subject, isDeterministic: true, cancellation).ConfigureAwait(false));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private async Task<StressTotals> RunControlAsync(StressSubject subject, bool isDeterministic, CancellationToken cancellation)
    {
        var totals = new StressTotals();
        progress.Begin($"control: random model {(isDeterministic ? "with" : "without")} determinism", ControlConfigurations);
        for (int number = 0; number < ControlConfigurations; number++)
        {
            await subject.TryAsync(number, isDeterministic, totals, cancellation).ConfigureAwait(false);
            progress.Step();
        }

        return totals;
    }

    /// <summary>The instruction sets that this machine runs.</summary>
    private static List<CpuIsa> FindInstructionSets()
    {
        var found = new List<CpuIsa>();
        foreach (CpuIsa isa in (CpuIsa[])[CpuIsa.Portable, CpuIsa.Avx2, CpuIsa.Avx512])
        {
            try
            {
                using NativeDevice device = NativeDevice.Open(new NativeDeviceOptions { Threads = 1, Isa = isa });
                found.Add(isa);
            }
            catch (NativeException) when (isa != CpuIsa.Portable)
            {
                // Not this processor's. The report says which ones were tried.
            }
        }

        return found;
    }
}
