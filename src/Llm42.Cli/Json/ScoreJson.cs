namespace Llm42.Cli.Json;

/// <summary>What `score --json` writes.</summary>
internal sealed record ScoreJson(double TotalLogprob, IReadOnlyList<ScoredPositionJson> Positions)
{
    public static ScoreJson Of(ScoreResult result) => new(
        result.TotalLogprob,
        [.. result.Positions.Select(position => new ScoredPositionJson(
            position.TokenId, position.Logprob, TokenLogprobsJson.TopOf(position.Top)))]);
}

/// <summary>A token, its log-probability behind those before it (none for the first), and what is likely to follow it.</summary>
internal sealed record ScoredPositionJson(int TokenId, float? Logprob, IReadOnlyList<TokenLogprobJson>? Next);
