using System.Text.Json.Serialization;
using Llm42.Core.Requests;
using Llm42.StructuredOutput;

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
    /// What the answer had to look like, as JSON; null for anything, and then not written. The object has one member:
    /// json_object (true), json_schema (the schema), literal (a text), or sequence or any_of (an array of such objects).
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? OutputFormat { get; init; }

    /// <summary>
    /// Of a request as it goes to the engine. TextStop is what <paramref name="stops"/> says,
    /// Constraint what <paramref name="format"/> says; TopLogprobs and
    /// ScorePrompt report more and change nothing; IsDeterministic is a condition of every receipt.
    /// </summary>
    internal static ReceiptRequest Of(GenerationRequest request, IReadOnlyList<string> stops, OutputFormat? format, int maxContext) => new(
        request.PromptIds,
        Math.Min(request.MaxTokens, maxContext - request.PromptIds.Count),
        [.. request.StopTokenIds.Order()],
        [.. stops],
        ReceiptSampling.Of(request.Sampling))
    {
        OutputFormat = format?.ToJson(),
    };
}
