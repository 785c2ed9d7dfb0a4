using System.Diagnostics;
using Llm42.Core.Engine;

namespace Llm42.Benchmarks.Determinism;

/// <summary>
/// The longest wait between two tokens of an ordinary request, by what its neighbours are: nobody may be paused by
/// another request's verify pass.
/// </summary>
internal static class LongestGap
{
    private const int Neighbours = 8, PromptLength = 32, AnswerLength = 160;

    private static readonly (string Name, EngineOptions Options)[] Ways =
    [
        ("dvr", new EngineOptions { Determinism = DeterminismMode.Dvr }),
        ("invariant", new EngineOptions { Determinism = DeterminismMode.Invariant }),
        ("auto", new EngineOptions()),
        ("fixed-shape", new EngineOptions { Verifier = VerifierKind.FixedShape }),
    ];

    public static async Task<IReadOnlyList<GapRow>> MeasureAsync(string model, int plannedThreads, int repetitions)
    {
        var waits = new Dictionary<string, List<(double Longest, double Mean)>>();
        List<EngineWay> ways = [];
        foreach ((string name, EngineOptions options) in Ways)
            ways.Add(await EngineWay.LoadAsync(name, model, plannedThreads, options).ConfigureAwait(false));
        for (int repetition = -1; repetition < repetitions; repetition++)
        {
            await AddAsync("alone", ways[0], 0, false).ConfigureAwait(false);
            await AddAsync("ordinary neighbours", ways[0], Neighbours, false).ConfigureAwait(false);
            foreach (EngineWay way in ways)
                await AddAsync($"deterministic neighbours, {way.Name}", way, Neighbours, true).ConfigureAwait(false);

            async Task AddAsync(string name, EngineWay way, int neighbours, bool deterministic)
            {
                (double, double) wait = await WaitAsync(way, neighbours, deterministic).ConfigureAwait(false);
                if (!waits.TryGetValue(name, out List<(double, double)>? list))
                    waits.Add(name, list = []);
                if (repetition >= 0)
                    list.Add(wait);
            }
        }

        foreach (EngineWay way in ways)
            await way.DisposeAsync().ConfigureAwait(false);
        return [.. waits.Select(pair => new GapRow(
            pair.Key, Spread.Of(pair.Value.Select(wait => wait.Longest)), Spread.Of(pair.Value.Select(wait => wait.Mean))))];
    }

    private static async Task<(double Longest, double Mean)> WaitAsync(EngineWay way, int neighbours, bool deterministic)
    {
        using var end = new CancellationTokenSource();
        Task[] others = [.. Enumerable.Range(1, neighbours).Select(async i =>
        {
            try
            {
                await way.Engine.CompleteAsync(way.Prompt(i, PromptLength), Options(2 * AnswerLength, deterministic), end.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
            }
        })];
        double longest = 0, sum = 0;
        int gaps = 0;
        long last = 0;
        await foreach (GenerationChunk chunk in way.Engine.GenerateAsync(way.Prompt(0, PromptLength), Options(AnswerLength, false)).ConfigureAwait(false))
        {
            if (chunk.Tokens.Count == 0)
                continue;
            long now = Stopwatch.GetTimestamp();
            if (last != 0)
            {
                double gap = Stopwatch.GetElapsedTime(last, now).TotalMilliseconds;
                longest = Math.Max(longest, gap);
                sum += gap;
                gaps += chunk.Tokens.Count;
            }

            last = now;
        }

        await end.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(others).ConfigureAwait(false);
        return (longest, sum / gaps);
    }

    private static GenerationOptions Options(int tokens, bool deterministic) =>
        new() { MaxTokens = tokens, Temperature = 0, IgnoreEos = true, IsDeterministic = deterministic };
}

/// <summary>Milliseconds between two tokens of an ordinary request.</summary>
internal sealed record GapRow(string Neighbours, Spread LongestMilliseconds, Spread MeanMilliseconds);
