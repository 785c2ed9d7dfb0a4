using Llm42.Core.Engine;
using Llm42.Native;

namespace Llm42;

/// <summary>What an engine runs on and how.</summary>
/// <param name="Device">Name of the device.</param>
/// <param name="Backend">"cpu", "cuda" or "cuda-emulated".</param>
/// <param name="Threads">Threads in use; 0 where the notion does not apply.</param>
/// <param name="PlannedThreads">Threads that fast numerics plan for; 0 where the notion does not apply.</param>
/// <param name="Isa">Instruction set in use on the cpu backend.</param>
/// <param name="NumericsProfile">Name of the invariant numerics, KV dtype included: "cpu-fma-1+kv-bf16".</param>
/// <param name="FastIsInvariant">Fast and invariant numerics give the same bits here.</param>
/// <param name="PageSize">Positions per KV page.</param>
/// <param name="PageCount">KV pages for sequences.</param>
/// <param name="KvBytes">Bytes of the KV cache.</param>
/// <param name="MemoryAllocated">Bytes that the device holds for this engine, read now and then.</param>
/// <param name="MemoryPeak">Most bytes that it has held.</param>
/// <param name="Determinism">How deterministic requests are answered; Auto where both ways are open.</param>
/// <param name="Drafter">What proposes tokens of deterministic requests, Auto resolved.</param>
/// <param name="Fingerprint">
/// SHA-256 over the weights, the tokenizer, the model's configuration and the numerics profile: where it is equal,
/// deterministic answers are equal.
/// </param>
/// <param name="WeightsDigest">
/// SHA-256 over the weights by name, dtype, shape and content, the same however they are spread over files.
/// </param>
/// <param name="TokenizerDigest">SHA-256 of tokenizer.json; null if the model has none.</param>
/// <param name="ConfigDigest">SHA-256 of config.json.</param>
public sealed record EngineDescription(
    string Device,
    string Backend,
    int Threads,
    int PlannedThreads,
    CpuIsa Isa,
    string NumericsProfile,
    bool FastIsInvariant,
    int PageSize,
    int PageCount,
    long KvBytes,
    long MemoryAllocated,
    long MemoryPeak,
    DeterminismMode Determinism,
    DrafterKind Drafter,
    string Fingerprint,
    string WeightsDigest,
    string? TokenizerDigest,
    string ConfigDigest)
{
    /// <summary>What came of the weight cache; null where none was asked for.</summary>
    public WeightCacheUse? WeightCache { get; init; }
}
