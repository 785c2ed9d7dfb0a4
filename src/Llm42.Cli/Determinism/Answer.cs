using Llm42.Core.Observability;
using Llm42.Core.Requests;

namespace Llm42.Cli.Determinism;

/// <summary>An answer in a form that compares exactly.</summary>
/// <param name="TokenIds">The tokens.</param>
/// <param name="Bits">The tokens and the bits of their log-probabilities.</param>
/// <param name="Statistics">What the engine did for it.</param>
internal sealed record Answer(string TokenIds, string Bits, RequestStatistics Statistics)
{
    /// <summary>Hashes of the hidden states, if they were asked for.</summary>
    public LayerTrace? LayerTrace { get; init; }

    public static Answer Of(IReadOnlyList<TokenEvent> tokens, RequestStatistics statistics) => new(
        string.Join(',', tokens.Select(token => token.TokenId)),
        string.Join(',', tokens.Select(token => $"{token.TokenId}:{BitConverter.SingleToUInt32Bits(token.Logprob):x8}")),
        statistics);
}
