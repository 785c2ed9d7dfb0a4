namespace Llm42;

/// <summary>How likely a model finds a text, under invariant numerics.</summary>
/// <param name="Positions">One entry per token.</param>
public sealed record ScoreResult(IReadOnlyList<ScoredPosition> Positions)
{
    /// <summary>Log-probability of the whole text behind its first token, in nats.</summary>
    public double TotalLogprob => Positions.Sum(position => (double)(position.Logprob ?? 0));
}
