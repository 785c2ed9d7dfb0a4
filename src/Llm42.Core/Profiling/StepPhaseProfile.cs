namespace Llm42.Core.Profiling;

/// <summary>Where the time of some steps went.</summary>
/// <param name="Steps">How many there were.</param>
/// <param name="Rows">Their rows.</param>
/// <param name="Parts">The parts that ran, in the order of <see cref="StepPart"/>. Their times add up to that of the steps.</param>
public sealed record StepPhaseProfile(long Steps, long Rows, IReadOnlyList<StepPartProfile> Parts)
{
    /// <summary>What the steps took.</summary>
    public TimeSpan Time => TimeSpan.FromTicks(Parts.Sum(part => part.Time.Ticks));

    /// <summary>Share of the time that passed on the host, 0..1; 0 for no steps.</summary>
    public double HostShare => Parts.Where(part => part.IsHost).Sum(ShareOf);

    /// <summary>A part's share of the time, 0..1; 0 for no steps.</summary>
    /// <param name="part">One of <see cref="Parts"/>.</param>
    public double ShareOf(StepPartProfile part)
    {
        ArgumentNullException.ThrowIfNull(part);
        long all = Time.Ticks;
        return all == 0 ? 0 : (double)part.Time.Ticks / all;
    }

    /// <summary>These steps and others.</summary>
    public StepPhaseProfile Plus(StepPhaseProfile other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return new StepPhaseProfile(
            Steps + other.Steps,
            Rows + other.Rows,
            [.. Parts.Concat(other.Parts).GroupBy(part => part.Part).OrderBy(group => group.Key).Select(group => new StepPartProfile(
                group.Key,
                group.Sum(part => part.Calls),
                TimeSpan.FromTicks(group.Sum(part => part.Time.Ticks)),
                group.Sum(part => part.Flops),
                group.Sum(part => part.Bytes)))]);
    }
}
