using Llm42.Cli.Machine;
using Llm42.Native;

namespace Llm42.Cli.Kernels;

/// <summary>A run of the benchmark.</summary>
/// <param name="Options">What was asked for.</param>
/// <param name="Started">When.</param>
/// <param name="Device">The device; its peak is that of the whole run.</param>
/// <param name="Driver">Version of the NVIDIA driver; null where there is none or it does not say.</param>
/// <param name="Ceilings">What the machine can do at most.</param>
/// <param name="Outcomes">A result per case.</param>
/// <param name="Peer">What PyTorch did.</param>
internal sealed record KernelReport(
    KernelOptions Options, DateTimeOffset Started, NativeDeviceInfo Device, string? Driver, Ceilings Ceilings,
    IReadOnlyList<KernelOutcome> Outcomes, PeerRun Peer)
{
    /// <summary>Bytes of an activation.</summary>
    public int ActivationSize => Device.ActivationType == DType.F32 ? sizeof(float) : sizeof(ushort);
}
