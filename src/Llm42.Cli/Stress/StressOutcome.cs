namespace Llm42.Cli.Stress;

/// <summary>What came of an arrival.</summary>
/// <param name="Arrival">The arrival.</param>
/// <param name="Answer">Its answer; null if it failed.</param>
/// <param name="Error">Why it failed; null if it did not.</param>
internal sealed record StressOutcome(StressArrival Arrival, StressAnswer? Answer, string? Error);
