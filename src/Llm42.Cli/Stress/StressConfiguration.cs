namespace Llm42.Cli.Stress;

/// <summary>An engine's settings and what is asked of it.</summary>
/// <param name="Number">Its number, from 0: the same seed and number give the same configuration.</param>
/// <param name="Engine">The settings.</param>
/// <param name="Load">The load.</param>
/// <param name="Settings">Settings and load in words: name and value of each dimension.</param>
internal sealed record StressConfiguration(
    int Number, InferenceEngineOptions Engine, StressLoad Load, IReadOnlyList<KeyValuePair<string, string>> Settings)
{
    /// <summary>Mismatches are forced, so that drafts roll back that fast numerics had right.</summary>
    public bool ForcesRollbacks => Engine.Engine.SkipMismatch < 100;
}
