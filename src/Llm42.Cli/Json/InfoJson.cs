using Llm42.Cli.Options;
using Llm42.Inspection;

namespace Llm42.Cli.Json;

/// <summary>What `info --json` writes. Digests are missing with --no-fingerprint.</summary>
internal sealed record InfoJson(
    ModelJson Model, StorageJson Storage, InfoTokenizerJson? Tokenizer, bool HasChatTemplate, DefaultsJson Defaults, MemoryJson Memory,
    InfoEngineJson Engine)
{
    public static InfoJson Of(ModelInspection inspection, ModelFingerprint? fingerprint) => new(
        ModelJson.Of(inspection.Model),
        new StorageJson(inspection.Format, inspection.WeightFiles),
        inspection.Tokenizer is { } tokenizer ? new InfoTokenizerJson(tokenizer.Kind, tokenizer.VocabularySize, tokenizer.SpecialTokens) : null,
        inspection.HasChatTemplate,
        DefaultsJson.Of(inspection.Defaults),
        MemoryJson.Of(inspection.Memory),
        InfoEngineJson.Of(inspection.Device, inspection.Memory, fingerprint));
}

/// <summary>How the weights are stored.</summary>
internal sealed record StorageJson(string Format, int Files);

/// <summary>A tokenizer.</summary>
internal sealed record InfoTokenizerJson(string Kind, int VocabularySize, int SpecialTokens);

/// <summary>What holds where a request is silent.</summary>
internal sealed record DefaultsJson(
    string? Source, float Temperature, float TopP, int TopK, float MinP, float RepetitionPenalty, int? MaxNewTokens, int? MaxLength,
    IReadOnlyList<string> StopStrings, IReadOnlyList<EndTokenJson> EndTokens, string? EndTokensSource)
{
    public static DefaultsJson Of(DefaultsDescription defaults) => new(
        defaults.Source, defaults.Temperature, defaults.TopP, defaults.TopK, defaults.MinP, defaults.RepetitionPenalty,
        defaults.MaxNewTokens, defaults.MaxLength, defaults.StopStrings,
        [.. defaults.EndTokens.Select(token => new EndTokenJson(token.Id, token.Token))], defaults.EndTokensSource);
}

/// <summary>A token that ends an answer.</summary>
internal sealed record EndTokenJson(int Id, string? Token);

/// <summary>Bytes of the device, reckoned without allocating any, and what context they allow.</summary>
internal sealed record MemoryJson(
    long Weights, long WorkSpace, long RopeTable, long KvCache, long Total, long Available, long KvBytesPerToken,
    long KvBytesPerTokenBf16, long KvBytesPerTokenF32, int ModelContext, int LongestContext, int MaxSequences, int LongestSharedContext,
    string? Problem)
{
    public static MemoryJson Of(MemoryDescription memory) => new(
        memory.Weights, memory.WorkSpace, memory.RopeTable, memory.KvCache, memory.Total, memory.Available, memory.KvBytesPerToken,
        memory.KvBytesPerTokenBf16, memory.KvBytesPerTokenF32, memory.ModelContext, memory.LongestContext, memory.MaxSequences,
        memory.LongestSharedContext, memory.Problem);
}

/// <summary>What an engine would run on and how.</summary>
internal sealed record InfoEngineJson(
    string Device, string Backend, int Threads, int PlannedThreads, string Isa, string NumericsProfile, bool FastIsInvariant,
    string Determinism, string Drafter, int PageSize, int PageCount, long KvBytes, string? Fingerprint, string? WeightsDigest,
    string? TokenizerDigest, string? ConfigDigest)
{
    public static InfoEngineJson Of(DeviceDescription device, MemoryDescription memory, ModelFingerprint? fingerprint) => new(
        device.Device, device.Backend, device.Threads, device.PlannedThreads, EngineWords.Name(device.Isa), device.NumericsProfile,
        device.FastIsInvariant, EngineWords.Name(device.Determinism), EngineWords.Name(device.Drafter), device.PageSize, device.PageCount,
        memory.KvCache, fingerprint?.Fingerprint, fingerprint?.WeightsDigest, fingerprint?.TokenizerDigest, fingerprint?.ConfigDigest);
}
