using Llm42.Core.Observability;

namespace Llm42.Cli.Determinism;

/// <summary>Whether and where the hidden states of the runs of a row of the table part.</summary>
/// <param name="IsDeterministic">The runs asked for determinism.</param>
/// <param name="Temperature">Their temperature.</param>
/// <param name="Runs">Runs that were compared, the one alone among them.</param>
/// <param name="Alone">Hashes of the run alone.</param>
/// <param name="Parting">The first run found that parts from it; null if none does.</param>
internal sealed record RowExplanation(
    bool IsDeterministic, float Temperature, int Runs, LayerTrace Alone, Parting? Parting);
