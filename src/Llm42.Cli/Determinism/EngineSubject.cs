using Llm42.Core.Observability;
using Llm42.Core.Requests;

namespace Llm42.Cli.Determinism;

/// <summary>An engine in this process as the subject of a check.</summary>
internal sealed class EngineSubject(InferenceEngine engine)
{
    /// <summary>The checked request's answer, and the tokens that all requests brought.</summary>
    public Task<(Answer Answer, int Tokens)> RunAsync(int run, IReadOnlyList<Arrival> arrivals, CancellationToken cancellation) =>
        LoadRun.ExecuteAsync((arrival, onTokens, ended) => AnswerAsync(run, arrival, onTokens, ended), arrivals, cancellation);

    private async Task<Answer> AnswerAsync(int run, Arrival arrival, Action<int> onTokens, CancellationToken cancellation)
    {
        var tokens = new List<TokenEvent>();
        RequestStatistics? statistics = null;
        LayerTrace? trace = null;
        await foreach (GenerationChunk chunk in engine.GenerateAsync(arrival.Prompt.Ids!, arrival.Options, cancellation).ConfigureAwait(false))
        {
            if (chunk.Tokens.Count > 0)
            {
                tokens.AddRange(chunk.Tokens);
                onTokens(chunk.Tokens.Count);
            }

            statistics = chunk.Statistics ?? statistics;
            trace = chunk.LayerTrace ?? trace;
        }

        return Answer.Of(run, tokens, statistics ?? throw new InvalidOperationException("the answer ended without its statistics.")) with
        {
            LayerTrace = trace,
        };
    }
}
