namespace Llm42.Core.Profiling;

/// <summary>Where the time of an engine's steps went. Time without a request to run counts for nothing.</summary>
/// <param name="Prefill">Of steps with rows of prompts, whatever else they ran.</param>
/// <param name="Decode">Of all others: decode rows and verify windows.</param>
public sealed record StepProfile(StepPhaseProfile Prefill, StepPhaseProfile Decode)
{
    /// <summary>No steps at all.</summary>
    public static StepProfile Empty { get; } = new(new StepPhaseProfile(0, 0, []), new StepPhaseProfile(0, 0, []));

    /// <summary>These steps and others.</summary>
    public StepProfile Plus(StepProfile other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return new StepProfile(Prefill.Plus(other.Prefill), Decode.Plus(other.Decode));
    }
}
