using System.Text.Json.Nodes;

namespace Llm42.Gguf;

/// <summary>The config.json that a GGUF model would have, from its metadata and from which tensors it has.</summary>
internal sealed class GgufConfig
{
    private const double DefaultTheta = 10000;

    private readonly GgufModel _model;
    private readonly GgufMetadata _metadata;
    private readonly GgufArchitecture _architecture;
    private readonly JsonObject _json = [];
    private readonly Dictionary<string, string> _origins = new(StringComparer.Ordinal);

    private GgufConfig(GgufModel model)
    {
        _model = model;
        _metadata = model.Metadata;
        _architecture = GgufArchitecture.Of(model);
    }

    /// <summary>The object, and for its fields the metadata keys that they come from.</summary>
    public static (JsonObject Json, IReadOnlyDictionary<string, string> Origins) Read(GgufModel model)
    {
        var config = new GgufConfig(model);
        config.Read();
        return (config._json, config._origins);
    }

    private void Read()
    {
        var experts = _architecture.Uniform(_metadata, "expert_count") ?? 0;
        Set("architectures", new JsonArray(NameOf(experts > 0)), GgufArchitecture.Key);
        Set("vocab_size", VocabularySize(), GgufTensorNames.Embedding);
        Set("tie_word_embeddings", !Has(GgufTensorNames.Head), GgufTensorNames.Head);
        var hidden = Copy("hidden_size", "embedding_length");
        var layers = Copy("num_hidden_layers", "block_count");
        Copy("intermediate_size", "feed_forward_length");
        var heads = Copy("num_attention_heads", "attention.head_count");
        // Every field is written, since what a config may leave out depends on the architecture.
        Set("num_key_value_heads", Optional("attention.head_count_kv") ?? heads, _architecture.KeyOf("attention.head_count_kv"));
        Copy("max_position_embeddings", "context_length");
        SetEpsilon();
        SetHeadSize(hidden, heads);
        SetRope();
        SetSlidingWindow();
        if (experts > 0)
            SetExperts(experts, layers);
        SetBiases();
        foreach (var (field, key) in new[] { ("bos_token_id", "tokenizer.ggml.bos_token_id"), ("eos_token_id", "tokenizer.ggml.eos_token_id") })
        {
            if (_metadata.Has(key))
                Set(field, _metadata.Integer(key, 0, int.MaxValue), key);
        }
    }

    private string NameOf(bool hasExperts) => _architecture.Name switch
    {
        "llama" when hasExperts => "MixtralForCausalLM",
        // The same decoder; only Mistral's config knows a sliding window.
        "llama" when _metadata.Has(_architecture.KeyOf("attention.sliding_window")) => "MistralForCausalLM",
        "llama" => "LlamaForCausalLM",
        "qwen2" => "Qwen2ForCausalLM",
        "qwen3" => "Qwen3ForCausalLM",
        "qwen3moe" => "Qwen3MoeForCausalLM",
        "phi3" => "Phi3ForCausalLM",
        _ => throw new InvalidOperationException($"{_architecture.Name} has no counterpart."),
    };

    private long VocabularySize() => _model.Tensors.TryGetValue(GgufTensorNames.Embedding, out var embedding)
        ? embedding.Shape[0]
        : throw new ModelFormatException(_model.Path, $"tensor \"{GgufTensorNames.Embedding}\" is missing.");

    private void SetEpsilon()
    {
        var key = _architecture.KeyOf("attention.layer_norm_rms_epsilon");
        Set("rms_norm_eps", _metadata.Number(key) ?? throw _metadata.Missing(key), key);
    }

    private void SetHeadSize(long hidden, long heads)
    {
        const string Key = "attention.key_length";
        var size = Optional(Key) ?? (heads > 0 ? hidden / heads : 0);
        Set("head_dim", size, _architecture.KeyOf(Key));
        if (Optional("attention.value_length") is { } values && values != size)
            throw _metadata.Wrong(_architecture.KeyOf("attention.value_length"), $"the size of a head of keys, which is {size}");
        if (Optional("rope.dimension_count") is { } rotated && rotated != size)
            Set("partial_rotary_factor", Share(rotated, size), _architecture.KeyOf("rope.dimension_count"));
    }

    // Such that the product with the whole, cut to an integer, is the part.
    private static double Share(long part, long whole)
    {
        var share = (double)part / whole;
        return (long)(whole * share) == part ? share : Math.BitIncrement(share);
    }

    private void SetRope()
    {
        var key = _architecture.KeyOf("rope.freq_base");
        Set("rope_theta", _metadata.Number(key) ?? DefaultTheta, key);
        if (ReadScaling() is { } scaling)
            Set("rope_scaling", scaling, _architecture.KeyOf("rope.scaling.type"));
    }

    private JsonObject? ReadScaling()
    {
        var typeKey = _architecture.KeyOf("rope.scaling.type");
        var oldFactorKey = _architecture.KeyOf("rope.scale_linear");
        var type = _metadata.Text(typeKey) ?? (_metadata.Has(oldFactorKey) ? "linear" : "none");
        var hasFactors = Has(GgufTensorNames.RopeFactors);
        if (hasFactors && type != "none")
            throw _metadata.Wrong(typeKey, $"\"none\" where tensor \"{GgufTensorNames.RopeFactors}\" scales the frequencies");
        if (hasFactors)
            return new JsonObject { ["rope_type"] = "factors", ["factors"] = Factors(GgufTensorNames.RopeFactors) };

        var hasBoth = Has(GgufTensorNames.RopeShortFactors) && Has(GgufTensorNames.RopeLongFactors);
        if (hasBoth)
            return ReadLongRope();
        if (type == "none")
            return null;
        var json = new JsonObject { ["rope_type"] = type };
        AddNumber(json, "factor", _metadata.Has(oldFactorKey) && !_metadata.Has(_architecture.KeyOf("rope.scaling.factor")) ? "rope.scale_linear" : "rope.scaling.factor");
        if (type == "yarn")
        {
            AddOriginalContext(json);
            AddNumber(json, "beta_fast", "rope.scaling.yarn_beta_fast");
            AddNumber(json, "beta_slow", "rope.scaling.yarn_beta_slow");
            RequireOne("rope.scaling.yarn_ext_factor");
            RequireOne("rope.scaling.yarn_attn_factor");
            RequireOne("rope.scaling.attn_factor");
        }
        return json;
    }

    private JsonObject ReadLongRope()
    {
        var json = new JsonObject
        {
            ["rope_type"] = "longrope",
            ["short_factor"] = Factors(GgufTensorNames.RopeShortFactors),
            ["long_factor"] = Factors(GgufTensorNames.RopeLongFactors),
        };
        AddOriginalContext(json);
        // Phi-3's config has it beside the object.
        if (json["original_max_position_embeddings"] is { } original)
            Set("original_max_position_embeddings", original.DeepClone(), _architecture.KeyOf("rope.scaling.original_context_length"));
        if (!IsUsualAttentionFactor())
            AddNumber(json, "attention_factor", "rope.scaling.attn_factor");
        return json;
    }

    // What follows from the contexts is left to the reader, since the file has it in f32 only.
    private bool IsUsualAttentionFactor()
    {
        var factor = _metadata.Number(_architecture.KeyOf("rope.scaling.attn_factor"));
        var original = Optional("rope.scaling.original_context_length") ?? 0;
        if (factor is null || original < 2)
            return factor is null;
        var stretch = (double)(Optional("context_length") ?? 0) / original;
        var usual = stretch <= 1 ? 1 : Math.Sqrt(1 + (Math.Log(stretch) / Math.Log(original)));
        return Math.Abs(factor.Value - usual) <= usual * 1e-6;
    }

    private void AddOriginalContext(JsonObject json)
    {
        if (Optional("rope.scaling.original_context_length") is { } original)
            json["original_max_position_embeddings"] = original;
    }

    private void AddNumber(JsonObject json, string field, string key)
    {
        if (_metadata.Number(_architecture.KeyOf(key)) is { } number)
            json[field] = number;
    }

    private void RequireOne(string key)
    {
        key = _architecture.KeyOf(key);
        if (_metadata.Number(key) is { } number && number != 1)
            throw _metadata.Wrong(key, "1: other factors of YaRN are not supported");
    }

    private JsonArray Factors(string tensor) =>
        new([.. GgufSource.ReadFloats(_model.Tensors[tensor]).Select(factor => float.IsFinite(factor)
            ? JsonValue.Create((double)factor)
            : throw new ModelFormatException(_model.Path, $"tensor \"{tensor}\" holds a factor that is not finite."))]);

    private void SetSlidingWindow()
    {
        const string Key = "attention.sliding_window";
        var window = Optional(Key) ?? 0;
        Set("sliding_window", window > 0 ? window : null, _architecture.KeyOf(Key));
    }

    private void SetExperts(long experts, long layers)
    {
        Set(_architecture.Name == "llama" ? "num_local_experts" : "num_experts", experts, _architecture.KeyOf("expert_count"));
        Copy("num_experts_per_tok", "expert_used_count");
        if (_architecture.Name == "llama")
            return;
        Copy("moe_intermediate_size", "expert_feed_forward_length");
        var key = _architecture.KeyOf("expert_weights_norm");
        Set("norm_topk_prob", _metadata.Boolean(key) ?? true, key);
        Set("decoder_sparse_step", 1, GgufArchitecture.Key);
        var dense = new JsonArray();
        for (long layer = 0; layer < layers && layers <= _model.Tensors.Count; layer++)
        {
            if (!Has($"blk.{layer}.ffn_gate_inp.weight"))
                dense.Add(layer);
        }
        Set("mlp_only_layers", dense, GgufArchitecture.Key);
    }

    private void SetBiases()
    {
        if (_architecture.Name == "qwen2")
            return;
        Set("attention_bias", Has("blk.0.attn_q.bias"), GgufArchitecture.Key);
        Set("mlp_bias", Has("blk.0.ffn_up.bias"), GgufArchitecture.Key);
    }

    private bool Has(string tensor) => _model.Tensors.ContainsKey(tensor);

    private long? Optional(string key) => _architecture.Uniform(_metadata, key);

    private long Copy(string field, string key)
    {
        var value = Optional(key) ?? throw _metadata.Missing(_architecture.KeyOf(key));
        Set(field, value, _architecture.KeyOf(key));
        return value;
    }

    private void Set(string field, JsonNode? value, string origin)
    {
        _json[field] = value;
        _origins[field] = origin;
    }
}
