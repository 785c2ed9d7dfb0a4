namespace Llm42.Cli.Serving;

/// <summary>Where the chances of a benchmark come from, each apart, so that one can be changed alone.</summary>
/// <param name="Selection">Which prompts are taken, and how long synthetic ones and their answers are.</param>
/// <param name="Order">In what order they are sent.</param>
/// <param name="Arrival">When they are sent.</param>
/// <param name="Determinism">Which of them are deterministic.</param>
internal sealed record ServingSeeds(ulong Selection, ulong Order, ulong Arrival, ulong Determinism);
