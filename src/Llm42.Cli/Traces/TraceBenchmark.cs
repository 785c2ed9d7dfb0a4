using Llm42.Cli.DemoModel;
using Llm42.Cli.Determinism;
using Llm42.Cli.Machine;
using Llm42.Cli.Options;
using Llm42.Cli.Remote;
using Llm42.Cli.Serving;
using Llm42.Cli.Synthetic;
using Llm42.Cli.Throughput;

namespace Llm42.Cli.Traces;

/// <summary>Sends the requests of a trace to an engine in this process, when they arrived there, or faster.</summary>
internal sealed class TraceBenchmark(TraceOptions options, TimeProvider clock, ICheckProgress progress)
{
    // Number of the run that an engine is warmed up by, beyond those that are measured.
    private const int WarmUp = 1000;

    public async Task<TraceReport> RunAsync(CancellationToken cancellation)
    {
        DateTimeOffset date = clock.GetUtcNow();
        progress.Begin($"making {options.Shape.Name}, {options.Weights.Word}", 1);
        using ModelDirectory model = await Task.Run(
            () => SyntheticModel.Create(options.Shape, options.Weights.Stored, cancellation), cancellation).ConfigureAwait(false);
        progress.Step();
        IReadOnlyList<TraceArrival> arrivals = options.Scaled;
        InferenceEngineOptions settings = options.Variant.EngineOptions(
            options.Machine with { WeightFormat = options.Weights.OfEngineOptions }, sequences: 1, arrivals.Max(one => one.Context + one.Generated)) with { KvPages = 0 };
        settings = settings with { Engine = settings.Engine with { QueueCapacity = arrivals.Count + 1 } };
        await using InferenceEngine engine = await InferenceEngine.LoadAsync(model.Path, settings, progress: null, cancellation).ConfigureAwait(false);

        var others = new OtherLoad();
        var runs = new List<TraceRun>();
        // Until everything is compiled.
        await RunAsync(engine, [.. arrivals.Take(2)], 0.5, WarmUp, cancellation).ConfigureAwait(false);
        foreach (double share in options.Shares)
        {
            progress.Begin(FormattableString.Invariant($"{100 * share:0.##}% deterministic"), arrivals.Count);
            others.Begin();
            runs.Add(await RunAsync(engine, arrivals, share, runs.Count, cancellation).ConfigureAwait(false));
            others.End();
        }

        return new TraceReport
        {
            Options = options,
            Date = date,
            Hardware = EngineWords.Hardware(engine.Engine),
            Drafter = EngineWords.Name(engine.Engine.Drafter),
            Determinism = EngineWords.Name(engine.Engine.Determinism),
            OthersShare = others.Share,
            Runs = runs,
        };
    }

    private async Task<TraceRun> RunAsync(InferenceEngine engine, IReadOnlyList<TraceArrival> arrivals, double share, int run, CancellationToken cancellation)
    {
        var load = new ServingLoad(
            new EngineServer(engine, clock), new ServingOptions { DeterministicShare = share, IgnoreEos = true }, clock, progress.Step);
        bool[] classes = ThroughputPlan.Waves(arrivals.Count, share)[0];
        PlannedRequest[] plan =
        [
            .. arrivals.Select((one, number) => new PlannedRequest(
                number, new RemotePrompt { Ids = ThroughputPlan.Prompts(checked((run * 1000003) + number), 1, one.Context, engine.Model.VocabularySize)[0] }, one.Generated, classes[number])
            {
                ArrivesAt = one.At,
            }),
        ];
        engine.ResetStatistics();
        (TimeSpan elapsed, IReadOnlyList<ClassFigures> figures, LatencySummary lag) =
            ServingReport.Summarize(await load.RunOpenAsync(plan, cancellation).ConfigureAwait(false));
        return new TraceRun(share, elapsed, figures, lag, engine.Statistics);
    }
}
