namespace Llm42.Core.Execution;

/// <summary>What a step predicts behind one row.</summary>
/// <param name="TokenId">
/// The sampled token; in a scored prompt row, the token that the prompt holds at the next position.
/// </param>
/// <param name="Logprob">Log-probability of <paramref name="TokenId"/> under the model's unmodified distribution.</param>
/// <param name="Margin">
/// Best minus second best of the values that the sampler compared: how far the row was from another answer.
/// </param>
/// <param name="Top">The most likely tokens, most likely first, as many as the request asked for; null for none.</param>
public readonly record struct RowPrediction(
    int TokenId, float Logprob, float Margin, IReadOnlyList<TokenLogprob>? Top = null);
