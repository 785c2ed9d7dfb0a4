using Llm42.Core.Execution;

namespace Llm42.Cli.Json;

/// <summary>A token in its place, with the most likely ones there.</summary>
internal sealed record TokenLogprobsJson(int? TokenId, float? Logprob, IReadOnlyList<TokenLogprobJson>? Top)
{
    public static TokenLogprobsJson Of(int? tokenId, float? logprob, IReadOnlyList<TokenLogprob>? top) => new(
        tokenId,
        logprob,
        top is { Count: > 0 } ? [.. top.Select(entry => new TokenLogprobJson(entry.TokenId, entry.Logprob))] : null);
}

/// <summary>A token and its log-probability.</summary>
internal sealed record TokenLogprobJson(int TokenId, float Logprob);
