using Llm42.Core.Engine;
using Llm42.Native;

namespace Llm42.Inspection;

/// <summary>What an engine would run on and how.</summary>
/// <param name="Device">Name of the device.</param>
/// <param name="Backend">"cpu", "cuda" or "cuda-emulated".</param>
/// <param name="Threads">Threads in use; 0 where the notion does not apply.</param>
/// <param name="PlannedThreads">Threads that fast numerics plan for; 0 where the notion does not apply.</param>
/// <param name="Isa">Instruction set in use on the cpu backend.</param>
/// <param name="NumericsProfile">Name of the invariant numerics, KV dtype included: "cpu-fma-1+kv-bf16".</param>
/// <param name="FastIsInvariant">Fast and invariant numerics give the same bits here.</param>
/// <param name="PageSize">Positions per KV page.</param>
/// <param name="PageCount">KV pages for sequences; 0 if the model does not fit.</param>
/// <param name="Determinism">How deterministic requests are answered; Auto where both ways are open.</param>
/// <param name="Drafter">What proposes tokens of deterministic requests, Auto resolved.</param>
public sealed record DeviceDescription(
    string Device,
    string Backend,
    int Threads,
    int PlannedThreads,
    CpuIsa Isa,
    string NumericsProfile,
    bool FastIsInvariant,
    int PageSize,
    int PageCount,
    DeterminismMode Determinism,
    DrafterKind Drafter);
