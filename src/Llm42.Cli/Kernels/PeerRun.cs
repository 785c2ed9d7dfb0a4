using Llm42.Cli.Machine;
using Llm42.Cli.Statistics;

namespace Llm42.Cli.Kernels;

/// <summary>What PyTorch did with the same shapes.</summary>
/// <param name="Version">Its version; null if it did not run.</param>
/// <param name="Device">The device that it ran on.</param>
/// <param name="Absent">Why it did not run, or not to its end; null if it did.</param>
/// <param name="Seconds">Per launch, of the cases that it could do.</param>
/// <param name="Errors">Of the cases that it could not do.</param>
/// <param name="Ceilings">Its own copies and large products.</param>
internal sealed record PeerRun(
    string? Version, string? Device, string? Absent, IReadOnlyDictionary<KernelCase, Spread> Seconds,
    IReadOnlyDictionary<KernelCase, string> Errors, IReadOnlyList<Ceiling> Ceilings)
{
    /// <summary>dtype of everything that it computes with.</summary>
    public const string Dtype = "bf16";

    public static PeerRun None(string reason) =>
        new(null, null, reason, new Dictionary<KernelCase, Spread>(), new Dictionary<KernelCase, string>(), []);
}
