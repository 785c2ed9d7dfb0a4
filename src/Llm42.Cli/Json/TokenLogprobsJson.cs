using Llm42.Core.Execution;
using Llm42.Core.Requests;

namespace Llm42.Cli.Json;

/// <summary>A generated token, with the most likely ones in its place.</summary>
internal sealed record TokenLogprobsJson(int TokenId, float Logprob, IReadOnlyList<TokenLogprobJson>? Top)
{
    public static TokenLogprobsJson Of(TokenEvent token) => new(token.TokenId, token.Logprob, TopOf(token.Top));

    public static IReadOnlyList<TokenLogprobJson>? TopOf(IReadOnlyList<TokenLogprob>? top) =>
        top is { Count: > 0 } ? [.. top.Select(entry => new TokenLogprobJson(entry.TokenId, entry.Logprob))] : null;
}

/// <summary>A token and its log-probability.</summary>
internal sealed record TokenLogprobJson(int TokenId, float Logprob);
