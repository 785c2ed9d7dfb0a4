using Llm42.Core.Execution;
using Llm42.Core.Observability;
using Llm42.Core.Requests;

namespace Llm42.Core.Engine;

/// <summary>How a request ended.</summary>
/// <param name="Reason">Why.</param>
/// <param name="PromptTokens">Tokens of the prompt.</param>
/// <param name="CompletionTokens">Committed tokens.</param>
/// <param name="Statistics">Counts; final.</param>
/// <param name="PromptScores">
/// If asked for: a prediction behind each prompt token. All but the last hold the score of the prompt's next token,
/// the last one the prediction of the first generated token.
/// </param>
public sealed record RequestCompletion(
    FinishReason Reason,
    int PromptTokens,
    int CompletionTokens,
    RequestStatistics Statistics,
    IReadOnlyList<RowPrediction> PromptScores)
{
    /// <summary>Hashes of the hidden state at each position; null unless the request asked for them.</summary>
    public LayerTrace? LayerTrace { get; init; }
}
