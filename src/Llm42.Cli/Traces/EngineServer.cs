using System.Globalization;
using Llm42.Cli.Determinism;
using Llm42.Cli.Remote;
using Llm42.Core.Engine;

namespace Llm42.Cli.Traces;

/// <summary>An engine in this process in the place of a server: what measures servers measures it too, without HTTP.</summary>
internal sealed class EngineServer(InferenceEngine engine, TimeProvider clock) : IRemoteServer
{
    public async Task<RemoteAnswer> AnswerAsync(RemoteRequest request, Action<int>? onTokens, CancellationToken cancellation)
    {
        var options = new GenerationOptions
        {
            MaxTokens = request.MaxTokens,
            Temperature = request.Temperature,
            Seed = request.Seed ?? 0,
            IgnoreEos = request.IgnoreEos,
            IsDeterministic = request.IsDeterministic ?? request.ExtraBody?["is_deterministic"]?.GetValue<bool>() ?? false,
        };
        long sent = clock.GetTimestamp();
        var times = new List<long>();
        var tokens = new List<string>();
        VerificationCounts? verification = null;
        try
        {
            await foreach (GenerationChunk chunk in engine.GenerateAsync(request.Prompt.Ids!, options, cancellation).ConfigureAwait(false))
            {
                if (chunk.Tokens.Count > 0)
                {
                    times.Add(clock.GetTimestamp());
                    tokens.AddRange(chunk.Tokens.Select(token => token.TokenId.ToString(CultureInfo.InvariantCulture)));
                    onTokens?.Invoke(chunk.Tokens.Count);
                }

                if (chunk.Statistics is { } statistics)
                    verification = VerificationCounts.Of(statistics);
            }
        }
        catch (EngineQueueFullException error)
        {
            throw new RemoteException(new RemoteError("queue_full", error.Message.TrimEnd('.')), error);
        }

        return new RemoteAnswer
        {
            Text = string.Join(',', tokens),
            Tokens = tokens,
            PromptTokens = request.Prompt.Ids!.Count,
            CompletionTokens = tokens.Count,
            Verification = verification,
            SentAt = sent,
            PieceTimes = times,
            EndedAt = clock.GetTimestamp(),
        };
    }
}
