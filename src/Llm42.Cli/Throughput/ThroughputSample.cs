using Llm42.Core.Profiling;

namespace Llm42.Cli.Throughput;

/// <summary>What one repetition of a case brought.</summary>
internal sealed record ThroughputSample
{
    public required double PrefillTokensPerSecond { get; init; }

    public required double DecodeTokensPerSecond { get; init; }

    /// <summary>Seconds between the pieces of an answer: of ordinary requests, or of deterministic ones where there are no others.</summary>
    public IReadOnlyList<double> Gaps { get; init; } = [];

    /// <summary>Drafts proposed.</summary>
    public long Drafted { get; init; }

    /// <summary>Drafts committed.</summary>
    public long Accepted { get; init; }

    /// <summary>Drafts rolled back.</summary>
    public long RolledBack { get; init; }

    /// <summary>Tokens committed to deterministic requests.</summary>
    public long Deterministic { get; init; }

    /// <summary>Where the time of its steps went; null unless that was asked for.</summary>
    public StepProfile? Profile { get; init; }
}
