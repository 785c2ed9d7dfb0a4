using System.Diagnostics;
using Llm42.Cli.Options;
using Llm42.Core.Engine;

namespace Llm42.Cli.Determinism;

/// <summary>
/// Answers one prompt again and again, alone and amid changing load, without determinism and with it, and counts how
/// many different answers came.
/// </summary>
internal sealed class DeterminismCheck(string modelDirectory, InferenceEngineOptions engineOptions, CheckOptions options, ICheckProgress progress)
{
    /// <summary>A machine on which fast numerics split K and KV, for processors that are too small to do so.</summary>
    public const int ManyCores = 64;

    /// <summary>Share of each window that the section on rollbacks forces back.</summary>
    private const int ForcedPercent = 25;

    /// <summary>Runs it all.</summary>
    /// <param name="hasPlannedThreads">The user fixed what fast numerics plan for: look at nothing else.</param>
    /// <param name="hasDrafter">The user chose the drafter: use no other.</param>
    /// <param name="cancellation">Ends the check early.</param>
    public async Task<CheckReport> RunAsync(bool hasPlannedThreads, bool hasDrafter, CancellationToken cancellation)
    {
        var sections = new List<CheckSection>();
        var throughput = new List<ThroughputFigure>();
        ModelDescription model;
        bool fastIsInvariant;
        DrafterKind drafter;
        await using (InferenceEngine engine = await LoadAsync(engineOptions, cancellation).ConfigureAwait(false))
        {
            model = engine.Model;
            fastIsInvariant = engine.Engine.FastIsInvariant;
            drafter = engine.Engine.Drafter;
            string name = hasPlannedThreads
                ? $"as a machine of {engine.Engine.PlannedThreads} threads would split K and KV"
                : "this machine";
            sections.Add(await RunSectionAsync(name, engine, bothModes: true, cancellation).ConfigureAwait(false));
            await MeasureAsync(engine, throughput, cancellation).ConfigureAwait(false);
        }

        InferenceEngineOptions same = hasDrafter ? engineOptions : WithDrafter(engineOptions, DrafterKind.Same);
        if (options.Repetitions > 0 && !hasDrafter && drafter != DrafterKind.Same)
        {
            await using InferenceEngine engine = await LoadAsync(same, cancellation).ConfigureAwait(false);
            await MeasureAsync(engine, throughput, cancellation).ConfigureAwait(false);
        }

        if (fastIsInvariant && !hasPlannedThreads)
        {
            InferenceEngineOptions manyCores = same with { PlannedThreads = ManyCores };
            string name = $"as a {ManyCores}-core machine would split K and KV";
            await using (InferenceEngine engine = await LoadAsync(manyCores, cancellation).ConfigureAwait(false))
            {
                drafter = engine.Engine.Drafter;
                sections.Add(await RunSectionAsync(name, engine, bothModes: true, cancellation).ConfigureAwait(false));
            }

            if (drafter == DrafterKind.Same && manyCores.Engine.SkipMismatch == 100)
            {
                InferenceEngineOptions forced = manyCores with { Engine = manyCores.Engine with { SkipMismatch = ForcedPercent } };
                await using InferenceEngine engine = await LoadAsync(forced, cancellation).ConfigureAwait(false);
                sections.Add(await RunSectionAsync(
                    $"{name}, {ForcedPercent}% of each window rolled back by force", engine, bothModes: false, cancellation).ConfigureAwait(false));
            }
        }

        return new CheckReport(
            model, options, sections, throughput, IsBoundToSection: engineOptions.Engine.Verifier == VerifierKind.FixedShape);
    }

    private static InferenceEngineOptions WithDrafter(InferenceEngineOptions engine, DrafterKind drafter) =>
        engine with { Engine = engine.Engine with { Drafter = drafter } };

    private Task<InferenceEngine> LoadAsync(InferenceEngineOptions engine, CancellationToken cancellation) =>
        InferenceEngine.LoadAsync(modelDirectory, engine, null, cancellation);

    private async Task<CheckSection> RunSectionAsync(
        string name, InferenceEngine engine, bool bothModes, CancellationToken cancellation)
    {
        var load = LoadGenerator.Of(engine, options);
        var rows = new List<CheckRow>();
        foreach (bool isDeterministic in bothModes ? (bool[])[false, true] : [true])
        {
            foreach (float temperature in options.Temperatures)
            {
                progress.Begin(
                    $"{name}: {(isDeterministic ? "with" : "without")} determinism, temperature {temperature}", options.Runs);
                rows.Add(await RunRowAsync(engine, load, isDeterministic, temperature, cancellation).ConfigureAwait(false));
            }
        }

        return new CheckSection(name, engine.Engine, rows)
        {
            Explanations = options.Explain
                ? await new Explainer(engine, load, options, progress).RunAsync(name, rows, cancellation).ConfigureAwait(false)
                : [],
        };
    }

    private async Task<CheckRow> RunRowAsync(
        InferenceEngine engine, LoadGenerator load, bool isDeterministic, float temperature, CancellationToken cancellation)
    {
        GenerationOptions requestOptions = options.RequestOf(isDeterministic, temperature);
        var answers = new List<Answer>();
        int tokens = 0;
        var watch = Stopwatch.StartNew();
        for (int run = 0; run < options.Runs; run++)
        {
            (Answer answer, int runTokens) = await new EngineSubject(engine).RunAsync(
                run, load.Arrivals(run, requestOptions), cancellation).ConfigureAwait(false);
            answers.Add(answer);
            tokens += runTokens;
            progress.Step();
        }

        return new CheckRow(isDeterministic, temperature, answers, tokens, watch.Elapsed);
    }

    private async Task MeasureAsync(InferenceEngine engine, List<ThroughputFigure> figures, CancellationToken cancellation)
    {
        if (options.Repetitions == 0)
            return;
        var load = LoadGenerator.Of(engine, options);
        progress.Begin(
            $"throughput, drafter {EngineWords.Name(engine.Engine.Drafter)}", options.Concurrencies.Count * 2 * (options.Repetitions + 1));
        foreach (int concurrency in options.Concurrencies)
        {
            figures.Add(await ThroughputMeasurement.MeasureAsync(
                engine, load, options, concurrency, progress.Step, cancellation).ConfigureAwait(false));
        }
    }
}
