namespace Llm42.Native;

/// <summary>What a device reports about itself.</summary>
/// <param name="Backend">Backend name.</param>
/// <param name="Name">Human-readable device name.</param>
/// <param name="Profile">Numerics profile: name and version of the invariant reduction trees.</param>
/// <param name="Threads">Threads in use; 0 where the notion does not apply.</param>
/// <param name="PlannedThreads">Threads that fast numerics plan for; 0 where the notion does not apply.</param>
/// <param name="Isa">Instruction set in use on the cpu backend.</param>
/// <param name="ActivationType">dtype of activations.</param>
/// <param name="FastIsInvariant">Whether fast and invariant numerics give the same bits in every operator.</param>
/// <param name="MemoryTotal">Bytes of memory of the device; 0 if unknown.</param>
/// <param name="MemoryAllocated">Bytes now held by objects of this device.</param>
/// <param name="MemoryPeak">Largest value that <paramref name="MemoryAllocated"/> has had.</param>
/// <param name="MemoryLimit">Most bytes that objects of this device may hold; 0 for no limit but the machine's.</param>
/// <param name="Calls">Calls so far that put work on a stream of this device.</param>
/// <param name="MemoryFree">Bytes that may now be allocated; 0 if none, or unknown.</param>
/// <param name="SupportsGraphs">Whether <see cref="NativeStream.BeginGraph"/> is supported.</param>
public sealed record NativeDeviceInfo(
    string Backend,
    string Name,
    string Profile,
    int Threads,
    int PlannedThreads,
    CpuIsa Isa,
    DType ActivationType,
    bool FastIsInvariant,
    long MemoryTotal,
    long MemoryAllocated,
    long MemoryPeak,
    long MemoryLimit,
    long Calls,
    long MemoryFree,
    bool SupportsGraphs);
