using System.Diagnostics;
using Llm42.Cli.Options;

namespace Llm42.Cli.Determinism;

/// <summary>
/// Measures tokens per second with determinism over tokens per second without it: the same requests in turns, the
/// order swapped from one repetition to the next, so that a drift of the machine falls on both alike.
/// </summary>
internal static class ThroughputMeasurement
{
    /// <summary>The same requests are answered again until a sample is this long; a single short one is mostly noise.</summary>
    private static readonly TimeSpan ShortestSample = TimeSpan.FromMilliseconds(300);

    public static async Task<ThroughputFigure> MeasureAsync(
        InferenceEngine engine, LoadGenerator load, CheckOptions options, int concurrency, Action step, CancellationToken cancellation)
    {
        var fast = new double[options.Repetitions];
        var deterministic = new double[options.Repetitions];
        for (int repetition = -1; repetition < options.Repetitions; repetition++)
        {
            bool first = repetition % 2 == 0;
            foreach (bool isDeterministic in (bool[])[first, !first])
            {
                double rate = await RateAsync(engine, load, options.Tokens, concurrency, isDeterministic, cancellation).ConfigureAwait(false);
                step();
                // Repetition -1 warms caches and the JIT.
                if (repetition >= 0)
                    (isDeterministic ? deterministic : fast)[repetition] = rate;
            }
        }

        return new ThroughputFigure(EngineWords.Name(engine.Engine.Drafter), concurrency, fast, deterministic);
    }

    private static async Task<double> RateAsync(
        InferenceEngine engine, LoadGenerator load, int maxTokens, int concurrency, bool isDeterministic, CancellationToken cancellation)
    {
        long tokens = 0;
        var watch = Stopwatch.StartNew();
        do
        {
            GenerationResult[] results = await Task.WhenAll(Enumerable.Range(0, concurrency).Select(index =>
                engine.CompleteAsync(
                    load.Prompt(index),
                    new GenerationOptions { MaxTokens = maxTokens, Temperature = 0, IsDeterministic = isDeterministic, IgnoreEos = true },
                    cancellation))).ConfigureAwait(false);
            tokens += results.Sum(result => result.Usage.CompletionTokens);
        }
        while (watch.Elapsed < ShortestSample);
        return tokens / watch.Elapsed.TotalSeconds;
    }
}
