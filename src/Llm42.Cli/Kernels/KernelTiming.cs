using Llm42.Cli.Statistics;

namespace Llm42.Cli.Kernels;

/// <summary>How long a launch took.</summary>
/// <param name="Seconds">Per launch, over the samples.</param>
/// <param name="HostSeconds">Median of the part in which the host enqueued it; on cpu that is all of it.</param>
/// <param name="Launches">Launches per sample.</param>
/// <param name="Samples">Samples.</param>
internal sealed record KernelTiming(Spread Seconds, double HostSeconds, int Launches, int Samples);
