using Llm42.Cli.Determinism;

namespace Llm42.Cli.Remote;

/// <summary>A server's answer, and when it came.</summary>
internal sealed class RemoteAnswer
{
    /// <summary>All text: reasoning, content and calls of tools, in the order in which they came.</summary>
    public string Text { get; set; } = "";

    /// <summary>Token ids, or texts of tokens, as far as the server gives them.</summary>
    public IReadOnlyList<string> Tokens { get; set; } = [];

    /// <summary>Log-probabilities of the tokens; empty where the server gives none.</summary>
    public IReadOnlyList<double> Logprobs { get; set; } = [];

    public string? FinishReason { get; set; }

    /// <summary>Tokens of the prompt by the server's count.</summary>
    public int? PromptTokens { get; set; }

    /// <summary>Tokens of the answer by the server's count.</summary>
    public int? CompletionTokens { get; set; }

    /// <summary>Tokens of the prompt that the server had in a cache.</summary>
    public int? CachedTokens { get; set; }

    public string? SystemFingerprint { get; set; }

    /// <summary>What it took to verify the answer, where the server says so.</summary>
    public VerificationCounts? Verification { get; set; }

    /// <summary>The server says that the answer is deterministic; null where it says nothing.</summary>
    public bool? IsDeterministic { get; set; }

    /// <summary>When the request was sent, by the clock's own count.</summary>
    public long SentAt { get; set; }

    /// <summary>When each piece that bears tokens came.</summary>
    public IReadOnlyList<long> PieceTimes { get; set; } = [];

    /// <summary>When the answer had ended.</summary>
    public long EndedAt { get; set; }
}
