using System.Diagnostics;
using Llm42.Core.Engine;

namespace Llm42.Benchmarks.Determinism;

/// <summary>Tokens per second of a batch of requests, some share of them deterministic, by the way these are answered.</summary>
internal static class ShareTable
{
    private const int Requests = 50, PromptLength = 48, AnswerLength = 96, AtOnce = 16;

    private static readonly (string Name, DeterminismMode Mode)[] Modes =
        [("dvr", DeterminismMode.Dvr), ("invariant", DeterminismMode.Invariant), ("auto", DeterminismMode.Auto)];

    public static async Task<ShareFigures> MeasureAsync(string model, int plannedThreads, int repetitions)
    {
        List<EngineWay> ways = [];
        foreach ((string name, DeterminismMode mode) in Modes)
        {
            ways.Add(await EngineWay.LoadAsync(
                name, model, plannedThreads, new EngineOptions { Determinism = mode, MaxSequences = AtOnce }).ConfigureAwait(false));
        }

        List<ShareRow> rows = [];
        foreach (int share in (int[])[0, 2, 10, 50, 100])
        {
            var rates = ways.ToDictionary(way => way.Name, _ => new double[repetitions]);
            for (int repetition = -1; repetition < repetitions; repetition++)
            {
                // Another one first each time, so that a drift of the machine falls on all alike.
                for (int turn = 0; turn < ways.Count; turn++)
                {
                    EngineWay way = ways[(turn + repetition + 1) % ways.Count];
                    double rate = await RateAsync(way, share).ConfigureAwait(false);
                    if (repetition >= 0)
                        rates[way.Name][repetition] = rate;
                }
            }

            (Spread dvr, Spread invariant) = (Spread.Of(rates["dvr"]), Spread.Of(rates["invariant"]));
            // The better one by its median: the better of each single repetition would be the luckier one.
            double[] better = dvr.Median > invariant.Median ? rates["dvr"] : rates["invariant"];
            rows.Add(new ShareRow(
                share, dvr, invariant, Spread.Of(rates["auto"]), Spread.Of(rates["auto"].Zip(better, (auto, other) => auto / other))));
        }

        EngineDescription engine = ways[^1].Engine.Engine;
        var figures = new ShareFigures(
            engine.Device, $"{engine.Isa}", engine.Threads, plannedThreads, engine.FastIsInvariant, rows);
        foreach (EngineWay way in ways)
            await way.DisposeAsync().ConfigureAwait(false);
        return figures;
    }

    private static async Task<double> RateAsync(EngineWay way, int share)
    {
        var watch = Stopwatch.StartNew();
        GenerationResult[] results = await Task.WhenAll(Enumerable.Range(0, Requests).Select(i =>
            way.Engine.CompleteAsync(way.Prompt(i, PromptLength), new GenerationOptions
            {
                MaxTokens = AnswerLength,
                Temperature = 0,
                IgnoreEos = true,
                // Spread evenly over the batch.
                IsDeterministic = (i + 1) * share / 100 > i * share / 100,
            }))).ConfigureAwait(false);
        return results.Sum(result => result.Usage.CompletionTokens) / watch.Elapsed.TotalSeconds;
    }
}

/// <summary>A table of shares.</summary>
internal sealed record ShareFigures(
    string Device, string Isa, int Threads, int PlannedThreads, bool FastIsInvariant, IReadOnlyList<ShareRow> Rows);

/// <summary>Tokens per second at a share of deterministic requests.</summary>
/// <param name="SharePercent">The share.</param>
/// <param name="Dvr">Decode, verify, roll back.</param>
/// <param name="Invariant">Decode under invariant numerics.</param>
/// <param name="Auto">The adaptive policy.</param>
/// <param name="AutoOverBetter">Auto over that one of the two whose median is the better, by repetition.</param>
internal sealed record ShareRow(int SharePercent, Spread Dvr, Spread Invariant, Spread Auto, Spread AutoOverBetter);
