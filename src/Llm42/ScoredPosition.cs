using Llm42.Core.Execution;

namespace Llm42;

/// <summary>One token of a scored text.</summary>
/// <param name="TokenId">The token.</param>
/// <param name="Logprob">Its log-probability behind the tokens before it; null for the first.</param>
/// <param name="Top">What the model expects behind this token: the most likely ones first, as many as asked for.</param>
public sealed record ScoredPosition(int TokenId, float? Logprob, IReadOnlyList<TokenLogprob> Top);
