using Llm42.Core.Observability;
using Llm42.Core.Requests;

namespace Llm42;

/// <summary>A whole answer.</summary>
/// <param name="Text">Its text.</param>
/// <param name="Tokens">Its tokens with their log-probabilities.</param>
/// <param name="FinishReason">Why it ended.</param>
/// <param name="Usage">Token counts.</param>
/// <param name="Statistics">Counts of the verify loop.</param>
public sealed record GenerationResult(
    string Text,
    IReadOnlyList<TokenEvent> Tokens,
    FinishReason FinishReason,
    TokenUsage Usage,
    RequestStatistics Statistics)
{
    /// <summary>Hashes of the hidden state at each position; null unless asked for.</summary>
    public LayerTrace? LayerTrace { get; init; }

    /// <summary>Ids of <see cref="Tokens"/>, a final end-of-sequence token among them.</summary>
    public IReadOnlyList<int> TokenIds { get; } = [.. Tokens.Select(token => token.TokenId)];
}
