using Llm42.Cli.Statistics;
using Llm42.Core.Profiling;

namespace Llm42.Cli.Throughput;

/// <summary>A case with its figures; medians over its samples.</summary>
internal sealed record ThroughputRow
{
    public required string Shape { get; init; }

    public required string Weights { get; init; }

    /// <summary>As the engine resolved it.</summary>
    public required string Drafter { get; init; }

    /// <summary>As the engine resolved it.</summary>
    public required string Determinism { get; init; }

    public required ThroughputCase Case { get; init; }

    public required IReadOnlyList<ThroughputSample> Samples { get; init; }

    /// <summary>Bytes moved over what memory can; null without a ceiling.</summary>
    public double? BandwidthFraction { get; init; }

    /// <summary>Operations of the prefill over what the processor can; null without a ceiling.</summary>
    public double? FmaFraction { get; init; }

    /// <summary>Operations per byte of a decode step, and operations per second: its place under the roofline.</summary>
    public (double Intensity, double FlopsPerSecond) DecodePoint { get; init; }

    /// <summary>The same of the prefill.</summary>
    public (double Intensity, double FlopsPerSecond) PrefillPoint { get; init; }

    public Spread Prefill => Spread.Of(Samples.Select(sample => sample.PrefillTokensPerSecond));

    public Spread Decode => Spread.Of(Samples.Select(sample => sample.DecodeTokensPerSecond));

    /// <summary>Gaps of all samples, in seconds, ascending.</summary>
    public IReadOnlyList<double> Gaps => [.. Samples.SelectMany(sample => sample.Gaps).Order()];

    /// <summary>Milliseconds; null where no answer had two pieces.</summary>
    public double? Itl(double share) => Gaps is { Count: > 0 } gaps ? 1000 * Quantile.Of(gaps, share) : null;

    /// <summary>Drafts committed over drafts proposed; null where none was.</summary>
    public double? Acceptance => Samples.Sum(sample => sample.Drafted) is > 0 and var drafted ? (double)Samples.Sum(sample => sample.Accepted) / drafted : null;

    /// <summary>Tokens rolled back over deterministic tokens committed.</summary>
    public double RecomputedShare => Samples.Sum(sample => sample.Deterministic) is > 0 and var committed
        ? (double)Samples.Sum(sample => sample.RolledBack) / committed
        : 0;

    /// <summary>Where the time of the steps of all samples went; null unless that was asked for.</summary>
    public StepProfile? Profile => Samples.Any(sample => sample.Profile is not null)
        ? Samples.Aggregate(StepProfile.Empty, (sum, sample) => sample.Profile is { } profile ? sum.Plus(profile) : sum)
        : null;

    /// <summary>Decode rate over that of another case, repetition by repetition.</summary>
    public Spread Over(ThroughputRow other) => Spread.Of(Samples.Zip(other.Samples, (mine, its) => mine.DecodeTokensPerSecond / its.DecodeTokensPerSecond));
}
