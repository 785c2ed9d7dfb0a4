namespace Llm42.Gguf;

/// <summary>What a value of general.architecture stands for, in the terms of Hugging Face checkpoints.</summary>
/// <param name="Name">The value, and what the keys of the architecture begin with: "qwen3".</param>
/// <param name="HeadRows">How rows of queries and keys are ordered within a head.</param>
/// <param name="ExpertNames">Names of an expert's gate, up and down matrices.</param>
/// <param name="RouterName">Name of the router; what is in front of its last part is in front of the experts' names too.</param>
internal sealed record GgufArchitecture(
    string Name, GgufHeadRows HeadRows, GgufExpertNames ExpertNames, string RouterName)
{
    public const string Key = "general.architecture";

    private static readonly GgufExpertNames QwenExperts = new("gate_proj", "up_proj", "down_proj");

    private static readonly GgufArchitecture[] All =
    [
        new("llama", GgufHeadRows.Interleaved, new("w1", "w3", "w2"), "block_sparse_moe.gate"),
        new("qwen2", GgufHeadRows.InHalves, QwenExperts, "mlp.gate"),
        new("qwen3", GgufHeadRows.InHalves, QwenExperts, "mlp.gate"),
        new("qwen3moe", GgufHeadRows.InHalves, QwenExperts, "mlp.gate"),
        new("phi3", GgufHeadRows.InHalves, QwenExperts, "mlp.gate"),
    ];

    /// <summary>Where the experts of a layer are.</summary>
    public string ExpertsName => $"{RouterName[..RouterName.LastIndexOf('.')]}.experts";

    /// <summary>The architecture that a file names.</summary>
    public static GgufArchitecture Of(GgufModel model)
    {
        var name = model.Metadata.Text(Key) ?? throw model.Metadata.Missing(Key);
        return Array.Find(All, architecture => architecture.Name == name)
            ?? throw model.Metadata.Wrong(Key, $"one of {string.Join(", ", All.Select(architecture => architecture.Name))}");
    }

    /// <summary>The full key of a value of the architecture: "llama.block_count".</summary>
    public string KeyOf(string key) => $"{Name}.{key}";

    /// <summary>An integer that a file may give once for each layer, where all of them must be the same.</summary>
    public long? Uniform(GgufMetadata metadata, string key)
    {
        key = KeyOf(key);
        if (!metadata.IsArray(key))
            return metadata.Has(key) ? metadata.Integer(key, 0, int.MaxValue) : null;
        var values = metadata.Integers(key, 0, int.MaxValue)!;
        return values.Length > 0 && !values.AsSpan().ContainsAnyExcept(values[0])
            ? values[0]
            : throw metadata.Wrong(key, "the same for all layers: models whose layers differ are not supported");
    }
}

/// <summary>The order of the rows of queries and keys within a head.</summary>
internal enum GgufHeadRows
{
    /// <summary>As in Hugging Face checkpoints: element i is rotated with element i + d / 2.</summary>
    InHalves,

    /// <summary>Element 2 i is rotated with element 2 i + 1.</summary>
    Interleaved,
}

/// <summary>Hugging Face's names of the matrices of an expert.</summary>
internal sealed record GgufExpertNames(string Gate, string Up, string Down);
