using System.Text.Json.Serialization;

namespace Llm42.Server.Native;

/// <summary>A response to /generate, or one event of it; "text" and "output_ids" hold all there is so far.</summary>
internal sealed record GenerateResponse(string Text, IReadOnlyList<int> OutputIds, MetaInfo MetaInfo);

/// <summary>What is known of an answer, under the names of the published system.</summary>
internal sealed record MetaInfo
{
    public required string Id { get; init; }

    public required int PromptTokens { get; init; }

    public required int CompletionTokens { get; init; }

    public required int CachedTokens { get; init; }

    public required FinishInfo? FinishReason { get; init; }

    public required bool IsDeterministic { get; init; }

    public required string SystemFingerprint { get; init; }

    [JsonPropertyName("llm42_num_rollbacks")]
    public required int Rollbacks { get; init; }

    [JsonPropertyName("llm42_tokens_rolled_back")]
    public required int TokensRolledBack { get; init; }

    [JsonPropertyName("llm42_num_verification_windows")]
    public required int VerificationWindows { get; init; }

    /// <summary>Of each token of the answer.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<GeneratedLogprob>? OutputTokenLogprobs { get; init; }
}

/// <summary>Why an answer ended: "stop" or "length".</summary>
internal sealed record FinishInfo(string Type);
