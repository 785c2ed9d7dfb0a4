using Llm42.Cli.Options;

namespace Llm42.Cli.Json;

/// <summary>What `info --json` writes.</summary>
internal sealed record InfoJson(ModelJson Model, EngineJson Engine)
{
    public static InfoJson Of(LlmEngine engine) => new(ModelJson.Of(engine.Model), EngineJson.Of(engine.Engine));
}

/// <summary>A model.</summary>
internal sealed record ModelJson(
    string Architecture, string Directory, int Layers, int HiddenSize, int QueryHeads, int KvHeads, int HeadSize, int VocabularySize,
    int MaxContext, long ParameterCount, string WeightDtype, long WeightBytes)
{
    public static ModelJson Of(ModelDescription model) => new(
        model.Architecture, model.Directory, model.Layers, model.HiddenSize, model.QueryHeads, model.KvHeads, model.HeadSize,
        model.VocabularySize, model.MaxContext, model.ParameterCount, model.WeightDtype, model.WeightBytes);
}

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
