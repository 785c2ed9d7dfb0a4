using Llm42.Cli.Options;

namespace Llm42.Cli.Json;

/// <summary>An engine with a model in it.</summary>
internal sealed record EngineJson(
    string Device, string Backend, int Threads, int PlannedThreads, string Isa, string NumericsProfile, bool FastIsInvariant,
    string Determinism, string Drafter, int PageSize, int PageCount, long KvBytes, long MemoryAllocated, long MemoryPeak, string Fingerprint,
    string WeightsDigest, string? TokenizerDigest, string ConfigDigest)
{
    public static EngineJson Of(EngineDescription engine) => new(
        engine.Device, engine.Backend, engine.Threads, engine.PlannedThreads, EngineWords.Name(engine.Isa), engine.NumericsProfile,
        engine.FastIsInvariant, EngineWords.Name(engine.Determinism), EngineWords.Name(engine.Drafter), engine.PageSize, engine.PageCount, engine.KvBytes,
        engine.MemoryAllocated, engine.MemoryPeak, engine.Fingerprint, engine.WeightsDigest, engine.TokenizerDigest, engine.ConfigDigest);
}
