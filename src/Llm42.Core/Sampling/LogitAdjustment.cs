namespace Llm42.Core.Sampling;

/// <summary>
/// What bias and penalties do to the logit of one token: x = logit + bias; then x / repetition where x is above 0,
/// else x * repetition; then minus the penalty.
/// </summary>
/// <param name="TokenId">The token.</param>
/// <param name="Bias">Added to the logit; 0 for none.</param>
/// <param name="Repetition">The repetition penalty, above 0; 1 for none.</param>
/// <param name="Penalty">What presence and frequency take off together; 0 for none.</param>
public readonly record struct LogitAdjustment(int TokenId, float Bias, float Repetition, float Penalty);
