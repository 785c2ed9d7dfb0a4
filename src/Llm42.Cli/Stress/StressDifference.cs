namespace Llm42.Cli.Stress;

/// <summary>A deterministic answer that is not the one of the idle engine.</summary>
/// <param name="Configuration">Under which settings and load.</param>
/// <param name="Request">Number of the request.</param>
/// <param name="Repetition">How many times it had come to the same engine before.</param>
/// <param name="Position">The first place of the answer that differs.</param>
/// <param name="Expected">The idle engine's word there: token id and bits of the log-probability, or the end.</param>
/// <param name="Actual">The word that came.</param>
internal sealed record StressDifference(
    StressConfiguration Configuration, int Request, int Repetition, int Position, string Expected, string Actual);
