using Llm42.Cli.Machine;

namespace Llm42.Cli.Traces;

/// <summary>What `bench trace` found.</summary>
internal sealed record TraceReport
{
    public required TraceOptions Options { get; init; }

    public required DateTimeOffset Date { get; init; }

    public required string Hardware { get; init; }

    public required string Drafter { get; init; }

    public required string Determinism { get; init; }

    /// <summary>Share of the processors that others took; null where it is not known.</summary>
    public required double? OthersShare { get; init; }

    /// <summary>A run for each share.</summary>
    public required IReadOnlyList<TraceRun> Runs { get; init; }

    /// <summary>The machine was not idle.</summary>
    public bool IsBusy => OthersShare > OtherLoad.Tolerance;
}
