using Llm42.Cli.Statistics;

namespace Llm42.Cli.Kernels;

/// <summary>What was measured of a case.</summary>
/// <param name="Case">The case.</param>
/// <param name="Invariant">Under invariant numerics; null if skipped.</param>
/// <param name="Fast">Under fast numerics; null where they coincide with invariant ones.</param>
/// <param name="InvariantOverFast">Ratios of neighbouring samples.</param>
/// <param name="Copies">Copies of weights or keys and values that the launches took in turns.</param>
/// <param name="MemoryBytes">Device memory that the case took.</param>
/// <param name="Skipped">Why nothing was measured.</param>
internal sealed record KernelOutcome(
    KernelCase Case, KernelTiming? Invariant, KernelTiming? Fast, Spread? InvariantOverFast, int Copies, long MemoryBytes, string? Skipped)
{
    public static KernelOutcome Skip(KernelCase skipped, string reason) =>
        new(skipped, null, null, null, 0, 0, reason.ReplaceLineEndings(" "));
}
