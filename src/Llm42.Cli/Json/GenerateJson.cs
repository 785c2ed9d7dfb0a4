using Llm42.Core.Requests;

namespace Llm42.Cli.Json;

/// <summary>What `generate --json` writes.</summary>
internal sealed record GenerateJson(
    IReadOnlyList<int> TokenIds, string? Text, string FinishReason, UsageJson Usage, IReadOnlyList<TokenLogprobsJson>? Logprobs, Llm42Json Llm42)
{
    /// <summary>With `--profile`; absent beside several answers, which have one together.</summary>
    public ProfileJson? Profile { get; init; }

    public static GenerateJson Of(GenerationResult result, bool hasText, bool hasLogprobs) => new(
        result.TokenIds,
        hasText ? result.Text : null,
        Name(result.FinishReason),
        new UsageJson(result.Usage.PromptTokens, result.Usage.CompletionTokens),
        hasLogprobs ? [.. result.Tokens.Select(TokenLogprobsJson.Of)] : null,
        Llm42Json.Of(result.Statistics));

    private static string Name(FinishReason reason) => reason switch
    {
        Core.Requests.FinishReason.Stop => "stop",
        Core.Requests.FinishReason.Length => "length",
        Core.Requests.FinishReason.Cancelled => "cancelled",
        _ => throw new InvalidOperationException($"there is no word for the finish reason {reason}."),
    };
}

/// <summary>What `generate --n` writes where it gives more than one answer: each as a single one is written.</summary>
internal sealed record GenerateAllJson(IReadOnlyList<GenerateJson> Choices)
{
    /// <summary>With `--profile`, of all of them.</summary>
    public ProfileJson? Profile { get; init; }
}

/// <summary>How many tokens a request took.</summary>
internal sealed record UsageJson(int PromptTokens, int CompletionTokens);

/// <summary>What determinism took.</summary>
internal sealed record Llm42Json(int NumVerificationWindows, int NumRollbacks, int TokensRolledBack)
{
    public static Llm42Json Of(RequestStatistics statistics) =>
        new(statistics.VerificationWindows, statistics.Rollbacks, statistics.TokensRolledBack);
}
