namespace Llm42.Core.Execution;

/// <summary>A token and its log-probability, in nats, under the model's unmodified distribution.</summary>
/// <param name="TokenId">The token.</param>
/// <param name="Logprob">Its log-probability: 0 or less.</param>
public readonly record struct TokenLogprob(int TokenId, float Logprob);
