using Llm42.Core.Execution;

namespace Llm42.Core.Requests;

/// <summary>A committed token.</summary>
/// <param name="Index">Its place in the answer, from 0.</param>
/// <param name="TokenId">The token.</param>
/// <param name="Logprob">Its log-probability under the model's unmodified distribution.</param>
/// <param name="Top">The most likely tokens at its place, as many as asked for; null for none.</param>
public readonly record struct TokenEvent(int Index, int TokenId, float Logprob, IReadOnlyList<TokenLogprob>? Top);
