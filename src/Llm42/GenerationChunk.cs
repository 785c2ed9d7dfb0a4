using Llm42.Core.Observability;
using Llm42.Core.Requests;

namespace Llm42;

/// <summary>A piece of an answer.</summary>
/// <param name="Text">
/// The text that has become certain; may be empty while a character or a stop string is incomplete.
/// </param>
/// <param name="Tokens">The tokens that were committed since the last piece; none in the last one.</param>
/// <param name="FinishReason">Why the answer ended; only in the last piece.</param>
/// <param name="Usage">Token counts; only in the last piece.</param>
/// <param name="Statistics">Counts of the verify loop; only in the last piece.</param>
/// <param name="Index">Which answer it belongs to, from 0; each answer has a last piece of its own.</param>
public readonly record struct GenerationChunk(
    string Text,
    IReadOnlyList<TokenEvent> Tokens,
    FinishReason? FinishReason = null,
    TokenUsage? Usage = null,
    RequestStatistics? Statistics = null,
    int Index = 0)
{
    /// <summary>Hashes of the hidden state at each position, if asked for; only in the last piece.</summary>
    public LayerTrace? LayerTrace { get; init; }

    /// <summary>Ids of <see cref="Tokens"/>.</summary>
    public IEnumerable<int> TokenIds => Tokens.Select(token => token.TokenId);
}
