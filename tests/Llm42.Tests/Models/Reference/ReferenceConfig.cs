using System.Text.Json.Nodes;

namespace Llm42.Tests.Models.Reference;

/// <summary>
/// config.json as transformers reads it: a field that is missing has the default of its architecture's config class. Nothing
/// is checked, since tests write the files.
/// </summary>
internal sealed class ReferenceConfig
{
    private readonly JsonObject _json;

    public ReferenceConfig(JsonObject json)
    {
        _json = json;
        Architecture = (string)json["architectures"]![0]!;
        Heads = Integer("num_attention_heads");
        Hidden = Integer("hidden_size");
        HeadSize = OptionalInteger("head_dim") ?? (IsQwen3 && !json.ContainsKey("head_dim") ? 128 : Hidden / Heads);
        KvHeads = json.ContainsKey("num_key_value_heads")
            ? OptionalInteger("num_key_value_heads") ?? Heads
            : Architecture switch
            {
                "MistralForCausalLM" or "MixtralForCausalLM" => 8,
                "Qwen2ForCausalLM" or "Qwen3ForCausalLM" => 32,
                "Qwen3MoeForCausalLM" => 4,
                _ => Heads,
            };
        Epsilon = Number("rms_norm_eps", IsMixtral || IsPhi3 ? 1e-5 : 1e-6);
        Rope = new ReferenceRope(json, HeadSize, IsMixtral ? 1e6 : 1e4);
    }

    public string Architecture { get; }

    public int Hidden { get; }

    public int Heads { get; }

    public int KvHeads { get; }

    public int HeadSize { get; }

    public double Epsilon { get; }

    public ReferenceRope Rope { get; }

    public int Layers => Integer("num_hidden_layers");

    public bool TiesEmbeddings => Boolean("tie_word_embeddings");

    /// <summary>Queries, keys and values have biases.</summary>
    public bool HasQkvBias => IsQwen2 || HasOutputBias;

    /// <summary>The projection behind attention has a bias.</summary>
    public bool HasOutputBias => (IsLlama || IsQwen3 || IsQwen3Moe) && Boolean("attention_bias");

    public bool HasMlpBias => IsLlama && Boolean("mlp_bias");

    /// <summary>Each head of queries and keys is normed before it is rotated.</summary>
    public bool HasHeadNorm => IsQwen3 || IsQwen3Moe;

    /// <summary>Queries, keys and values are stored as one matrix, gate and up as another.</summary>
    public bool IsFused => IsPhi3;

    /// <summary>Mixtral's names for what Qwen3-MoE calls mlp.experts.0.gate_proj and so on.</summary>
    public bool HasMixtralNames => IsMixtral;

    public int Experts => IsMixtral
        ? OptionalInteger("num_local_experts") ?? 8
        : OptionalInteger("num_experts") ?? OptionalInteger("num_local_experts") ?? 128;

    public int ExpertsPerToken => OptionalInteger("num_experts_per_tok") ?? (IsMixtral ? 2 : 8);

    /// <summary>The weights of the chosen experts are made to sum to 1.</summary>
    public bool Renormalizes => IsMixtral || Boolean("norm_topk_prob");

    private bool IsLlama => Architecture == "LlamaForCausalLM";

    private bool IsMistral => Architecture == "MistralForCausalLM";

    private bool IsMixtral => Architecture == "MixtralForCausalLM";

    private bool IsPhi3 => Architecture == "Phi3ForCausalLM";

    private bool IsQwen2 => Architecture == "Qwen2ForCausalLM";

    private bool IsQwen3 => Architecture == "Qwen3ForCausalLM";

    private bool IsQwen3Moe => Architecture == "Qwen3MoeForCausalLM";

    /// <summary>How many positions a row of the layer sees, itself among them; null for all.</summary>
    public int? Window(int layer)
    {
        if (IsMistral)
            return _json.ContainsKey("sliding_window") ? OptionalInteger("sliding_window") : 4096;
        if (IsMixtral || IsPhi3)
            return OptionalInteger("sliding_window");
        if (IsLlama || !Boolean("use_sliding_window"))
            return null;
        var window = _json.ContainsKey("sliding_window") ? OptionalInteger("sliding_window") : 4096;
        if (IsQwen3Moe)
            return window;
        var slides = _json["layer_types"] is JsonArray types
            ? (string)types[layer]! == "sliding_attention"
            : layer >= (OptionalInteger("max_window_layers") ?? 28);
        return slides ? window : null;
    }

    /// <summary>The layer has experts.</summary>
    public bool IsSparse(int layer)
    {
        if (IsMixtral)
            return true;
        if (!IsQwen3Moe)
            return false;
        var isDense = _json["mlp_only_layers"] is JsonArray dense && dense.Any(item => (int)item! == layer);
        return !isDense && Experts > 0 && (layer + 1) % (OptionalInteger("decoder_sparse_step") ?? 1) == 0;
    }

    private int Integer(string name) => (int)_json[name]!;

    private int? OptionalInteger(string name) => (int?)_json[name];

    private double Number(string name, double otherwise) => (double?)_json[name] ?? otherwise;

    private bool Boolean(string name) => (bool?)_json[name] ?? false;
}
