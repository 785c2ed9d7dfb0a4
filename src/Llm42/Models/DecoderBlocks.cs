namespace Llm42.Models;

/// <summary>The parts that decoders of the Llama family are made of, under their names in Hugging Face checkpoints.</summary>
internal static class DecoderBlocks
{
    public const string HeadName = "lm_head.weight";

    /// <summary>A decoder of equal layers.</summary>
    public static DecoderSpec Decoder(ModelConfig config, Func<string, DecoderLayerSpec> layer) => new(
        TensorSpec.Matrix("model.embed_tokens.weight", config.VocabularySize, config.HiddenSize),
        [.. Enumerable.Range(0, config.Layers).Select(i => layer($"model.layers.{i}"))],
        TensorSpec.Vector("model.norm.weight", config.HiddenSize),
        config.TieWordEmbeddings
            ? null
            : TensorSpec.Matrix(HeadName, config.VocabularySize, config.HiddenSize));

    /// <summary>A norm over the hidden state.</summary>
    public static TensorSpec Norm(ModelConfig config, string name) =>
        TensorSpec.Vector($"{name}.weight", config.HiddenSize);

    /// <summary>Queries, keys and values from three stored matrices, fused by rows.</summary>
    public static LinearSpec QueryKeyValue(ModelConfig config, string attention, bool hasBias) => Fused(
        hasBias,
        config.HiddenSize,
        ($"{attention}.q_proj", config.QueryWidth),
        ($"{attention}.k_proj", config.KvWidth),
        ($"{attention}.v_proj", config.KvWidth));

    /// <summary>The projection behind attention.</summary>
    public static LinearSpec AttentionOutput(ModelConfig config, string attention, bool hasBias) =>
        Fused(hasBias, config.QueryWidth, ($"{attention}.o_proj", config.HiddenSize));

    /// <summary>Gate and up of a SwiGLU.</summary>
    public static LinearSpec GateUp(ModelConfig config, string mlp, bool hasBias) => Fused(
        hasBias,
        config.HiddenSize,
        ($"{mlp}.gate_proj", config.IntermediateSize),
        ($"{mlp}.up_proj", config.IntermediateSize)) with { IsGated = true };

    /// <summary>Down projection of a SwiGLU.</summary>
    public static LinearSpec Down(ModelConfig config, string mlp, bool hasBias) =>
        Fused(hasBias, config.IntermediateSize, ($"{mlp}.down_proj", config.HiddenSize));

    private static LinearSpec Fused(bool hasBias, int columns, params ReadOnlySpan<(string Name, int Rows)> parts)
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
