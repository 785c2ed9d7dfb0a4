using Llm42.Core.Requests;

namespace Llm42.Receipts;

/// <summary>What was asked, with every default of the engine and of the model filled in.</summary>
/// <param name="PromptTokenIds">The prompt.</param>
/// <param name="MaxTokens">Most tokens to generate: what was asked for, or what the context left.</param>
/// <param name="StopTokenIds">Tokens that end the answer, ascending; none if end-of-sequence tokens were ignored.</param>
/// <param name="StopStrings">Texts that end the answer.</param>
/// <param name="Sampling">How tokens were chosen.</param>
public sealed record ReceiptRequest(
    IReadOnlyList<int> PromptTokenIds,
    int MaxTokens,
    IReadOnlyList<int> StopTokenIds,
    IReadOnlyList<string> StopStrings,
    ReceiptSampling Sampling)
{
    /// <summary>
    /// Of a request as it goes to the engine. TextStop is what <paramref name="stops"/> says; TopLogprobs and
    /// ScorePrompt report more and change nothing; IsDeterministic is a condition of every receipt.
    /// </summary>
    internal static ReceiptRequest Of(GenerationRequest request, IReadOnlyList<string> stops, int maxContext) => new(
        request.PromptIds,
        Math.Min(request.MaxTokens, maxContext - request.PromptIds.Count),
        [.. request.StopTokenIds.Order()],
        [.. stops],
        ReceiptSampling.Of(request.Sampling));
}
