using System.Diagnostics;
using Llm42.Core.Observability;

namespace Llm42.Cli.Throughput;

/// <summary>
/// Measures an engine by waves of requests that start together: first with one token each, which is prefill alone; then
/// the same prompts, whose keys and values the cache holds, with all tokens, timed from when every request has its first.
/// </summary>
internal sealed class EngineSampler(ThroughputOptions options)
{
    /// <summary>One sample.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="batch">Requests of a wave.</param>
    /// <param name="share">Share of the deterministic ones.</param>
    /// <param name="number">Of the sample: other prompts for another number.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task<ThroughputSample> SampleAsync(InferenceEngine engine, int batch, double share, int number, CancellationToken cancellation)
    {
        engine.ResetStatistics();
        double prefillSeconds = 0, decodeSeconds = 0;
        long prefillTokens = 0, decodeTokens = 0;
        var ordinary = new List<double>();
        var deterministic = new List<double>();
        IReadOnlyList<bool[]> waves = ThroughputPlan.Waves(batch, share);
        for (int wave = 0; wave < waves.Count; wave++)
        {
            int[][] prompts = options.Prompts.Of(engine, ThroughputPlan.NumberOf(number, wave), batch, options.PromptLength);
            var watch = Stopwatch.StartNew();
            await RunAsync(engine, prompts, waves[wave], tokens: 1, watch, cancellation).ConfigureAwait(false);
            prefillSeconds += watch.Elapsed.TotalSeconds;
            prefillTokens += (long)batch * options.PromptLength;

            watch.Restart();
            List<(double Time, int Tokens)>[] answers = await RunAsync(engine, prompts, waves[wave], options.OutputLength, watch, cancellation).ConfigureAwait(false);
            double begin = answers.Max(pieces => pieces[0].Time);
            double end = answers.Max(pieces => pieces[^1].Time);
            // A first piece of several tokens was read late: from it on, the others' would count in too short a time. Such a
            // wave, and one whose answers came in one piece, is timed as a whole.
            if (end <= begin || answers.Any(pieces => pieces[0].Tokens > 1))
                (begin, end) = (0, Math.Max(end, begin));
            decodeSeconds += end - begin;
            decodeTokens += answers.Sum(pieces => pieces.Where(piece => piece.Time > begin).Sum(piece => piece.Tokens));
            for (int i = 0; i < batch; i++)
                (waves[wave][i] ? deterministic : ordinary).AddRange(answers[i].Skip(1).Select((piece, before) => piece.Time - answers[i][before].Time));
        }

        EngineStatistics totals = engine.Statistics;
        return new ThroughputSample
        {
            PrefillTokensPerSecond = prefillTokens / prefillSeconds,
            DecodeTokensPerSecond = decodeTokens / decodeSeconds,
            Gaps = ordinary.Count > 0 ? ordinary : deterministic,
            Drafted = totals.TokensDrafted,
            Accepted = totals.TokensAccepted,
            RolledBack = totals.TokensRolledBack,
            Deterministic = totals.DeterministicTokens,
            Profile = engine.Profile,
        };
    }

    /// <summary>Pieces of each answer, with the seconds at which they came.</summary>
    private static Task<List<(double Time, int Tokens)>[]> RunAsync(
        InferenceEngine engine, int[][] prompts, bool[] isDeterministic, int tokens, Stopwatch watch, CancellationToken cancellation) =>
        Task.WhenAll(prompts.Select(async (prompt, i) =>
        {
            var pieces = new List<(double, int)>();
            var answer = new GenerationOptions { MaxTokens = tokens, Temperature = 0, IsDeterministic = isDeterministic[i], IgnoreEos = true };
            await foreach (GenerationChunk chunk in engine.GenerateAsync(prompt, answer, cancellation).ConfigureAwait(false))
            {
                if (chunk.Tokens.Count > 0)
                    pieces.Add((watch.Elapsed.TotalSeconds, chunk.Tokens.Count));
            }

            return pieces;
        }));
}
