namespace Llm42.Models;

/// <summary>The parts that decoders of the Llama family are made of, under their names in Hugging Face checkpoints.</summary>
internal static class DecoderBlocks
{
    public const string HeadName = "lm_head.weight";

    /// <summary>A decoder of pre-norm layers.</summary>
    /// <param name="config">The model.</param>
    /// <param name="layer">Makes a layer from its number and the beginning of its tensors' names.</param>
    public static DecoderSpec Decoder(ModelConfig config, Func<int, string, DecoderLayerSpec> layer) => new(
        TensorSpec.Matrix("model.embed_tokens.weight", config.VocabularySize, config.HiddenSize),
        [.. Enumerable.Range(0, config.Layers).Select(i => layer(i, $"model.layers.{i}"))],
        TensorSpec.Vector("model.norm.weight", config.HiddenSize),
        config.TieWordEmbeddings
            ? null
            : TensorSpec.Matrix(HeadName, config.VocabularySize, config.HiddenSize));

    /// <summary>A layer whose queries, keys and values are stored apart.</summary>
    /// <param name="config">The model.</param>
    /// <param name="layer">Beginning of the names.</param>
    /// <param name="feedForward">Its feed-forward part.</param>
    /// <param name="hasQkvBias">Queries, keys and values have biases.</param>
    /// <param name="hasOutputBias">The projection behind attention has one.</param>
    public static DecoderLayerSpec Layer(
        ModelConfig config, string layer, FeedForwardSpec feedForward, bool hasQkvBias = false, bool hasOutputBias = false)
    {
        var attention = $"{layer}.self_attn";
        return new DecoderLayerSpec(
            Norm(config, $"{layer}.input_layernorm"),
            Fused(
                hasQkvBias,
                config.HiddenSize,
                ($"{attention}.q_proj", config.QueryWidth),
                ($"{attention}.k_proj", config.KvWidth),
                ($"{attention}.v_proj", config.KvWidth)),
            Fused(hasOutputBias, config.QueryWidth, ($"{attention}.o_proj", config.HiddenSize)),
            Norm(config, $"{layer}.post_attention_layernorm"),
            feedForward);
    }

    /// <summary>The layer with norms over the heads' queries and keys.</summary>
    public static DecoderLayerSpec WithHeadNorms(this DecoderLayerSpec spec, ModelConfig config, string layer) => spec with
    {
        QueryNorm = TensorSpec.Vector($"{layer}.self_attn.q_norm.weight", config.HeadSize),
        KeyNorm = TensorSpec.Vector($"{layer}.self_attn.k_norm.weight", config.HeadSize),
    };

    /// <summary>A norm over the hidden state.</summary>
    public static TensorSpec Norm(ModelConfig config, string name) =>
        TensorSpec.Vector($"{name}.weight", config.HiddenSize);

    /// <summary>A SwiGLU as layers have it.</summary>
    public static MlpSpec Mlp(ModelConfig config, string layer, bool hasBias = false) => Mlp(
        config.HiddenSize, config.IntermediateSize, $"{layer}.mlp.gate_proj", $"{layer}.mlp.up_proj", $"{layer}.mlp.down_proj", hasBias);

    /// <summary>A SwiGLU.</summary>
    public static MlpSpec Mlp(int hidden, int intermediate, string gate, string up, string down, bool hasBias = false) => new(
        Fused(hasBias, hidden, (gate, intermediate), (up, intermediate)) with { IsGated = true },
        Fused(hasBias, intermediate, (down, hidden)));

    /// <summary>A mixture of experts.</summary>
    /// <param name="config">The model, which has experts.</param>
    /// <param name="moe">Beginning of the names.</param>
    /// <param name="gate">What an expert's gate is called.</param>
    /// <param name="up">What an expert's up projection is called.</param>
    /// <param name="down">What an expert's down projection is called.</param>
    public static MoeSpec Moe(ModelConfig config, string moe, string gate, string up, string down)
    {
        var experts = Enumerable.Range(0, config.Moe!.Experts).Select(i => $"{moe}.experts.{i}");
        return new MoeSpec(
            Fused(false, config.HiddenSize, ($"{moe}.gate", config.Moe.Experts)),
            [.. experts.Select(expert => Mlp(
                config.HiddenSize, config.Moe.IntermediateSize, $"{expert}.{gate}", $"{expert}.{up}", $"{expert}.{down}"))]);
    }

    /// <summary>A linear layer that may be stored in several matrices of one width.</summary>
    public static LinearSpec Fused(bool hasBias, int columns, params ReadOnlySpan<(string Name, int Rows)> parts)
    {
        var matrices = new TensorSpec[parts.Length];
        var biases = new TensorSpec[hasBias ? parts.Length : 0];
        for (var i = 0; i < parts.Length; i++)
        {
            matrices[i] = TensorSpec.Matrix($"{parts[i].Name}.weight", parts[i].Rows, columns);
            if (hasBias)
                biases[i] = TensorSpec.Vector($"{parts[i].Name}.bias", parts[i].Rows);
        }
        return new LinearSpec(matrices, biases);
    }
}
