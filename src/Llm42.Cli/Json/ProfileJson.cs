using Llm42.Core.Profiling;

namespace Llm42.Cli.Json;

/// <summary>Where the time of steps went.</summary>
internal sealed record ProfileJson(ProfilePhaseJson Prefill, ProfilePhaseJson Decode)
{
    public static ProfileJson? Of(StepProfile? profile) =>
        profile is null ? null : new ProfileJson(ProfilePhaseJson.Of(profile.Prefill), ProfilePhaseJson.Of(profile.Decode));
}

/// <summary>Steps of one kind.</summary>
internal sealed record ProfilePhaseJson(long Steps, long Rows, double Seconds, double HostShare, IReadOnlyList<ProfilePartJson> Parts)
{
    public static ProfilePhaseJson Of(StepPhaseProfile phase) => new(
        phase.Steps, phase.Rows, phase.Time.TotalSeconds, phase.HostShare, [.. phase.Parts.Select(part => ProfilePartJson.Of(part, phase))]);
}

/// <summary>A part of them; rates where its operations and bytes are counted.</summary>
internal sealed record ProfilePartJson(
    string Name, long Calls, double Seconds, double Share, double? GflopsPerSecond, double? GigabytesPerSecond)
{
    public static ProfilePartJson Of(StepPartProfile part, StepPhaseProfile phase) => new(
        part.Name, part.Calls, part.Time.TotalSeconds, phase.ShareOf(part), part.FlopsPerSecond / 1e9, part.BytesPerSecond / 1e9);
}
