namespace Llm42.Cli.Determinism;

/// <summary>The rows of one engine.</summary>
/// <param name="Name">What the engine stands for.</param>
/// <param name="Engine">The engine.</param>
/// <param name="Rows">Its rows.</param>
internal sealed record CheckSection(string Name, EngineDescription Engine, IReadOnlyList<CheckRow> Rows)
{
    /// <summary>Where the runs of each row part; none unless asked for.</summary>
    public IReadOnlyList<RowExplanation> Explanations { get; init; } = [];
}
