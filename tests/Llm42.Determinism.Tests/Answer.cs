using Llm42.Core.Observability;
using Llm42.Core.Requests;

namespace Llm42.Determinism.Tests;

/// <summary>An answer as the contract sees it: token ids and the bits of their log-probabilities.</summary>
internal sealed record Answer(int[] TokenIds, int[] LogprobBits, RequestStatistics Statistics)
{
    public static Answer Of(GenerationResult result) => new(
        [.. result.Tokens.Select(token => token.TokenId)],
        [.. result.Tokens.Select(token => BitConverter.SingleToInt32Bits(token.Logprob))],
        result.Statistics)
    {
        Trace = result.LayerTrace,
    };

    /// <summary>Hashes of the hidden states, if the request asked for them.</summary>
    public LayerTrace? Trace { get; init; }

    /// <summary>Ids and bits as one string, to be counted.</summary>
    public string Key => string.Join(',', TokenIds) + "|" + string.Join(',', LogprobBits);

    public void AssertSame(Answer actual, string context)
    {
        for (int i = 0; i < Math.Max(TokenIds.Length, actual.TokenIds.Length); i++)
        {
            if (i >= TokenIds.Length || i >= actual.TokenIds.Length)
                Assert.Fail($"{context}: {actual.TokenIds.Length} tokens instead of {TokenIds.Length}.");
            if (TokenIds[i] != actual.TokenIds[i])
                Assert.Fail($"{context}: token {i} is {actual.TokenIds[i]} instead of {TokenIds[i]}.");
            if (LogprobBits[i] != actual.LogprobBits[i])
                Assert.Fail($"{context}: the log-probability of token {i} has bits {actual.LogprobBits[i]:x8} instead of {LogprobBits[i]:x8}.");
        }
    }
}
