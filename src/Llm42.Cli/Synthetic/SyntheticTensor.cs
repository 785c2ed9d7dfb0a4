namespace Llm42.Cli.Synthetic;

/// <summary>A tensor of a synthetic model.</summary>
/// <param name="Name">As Hugging Face's checkpoints call it.</param>
/// <param name="Rows">Output features; 0 for a vector.</param>
/// <param name="Columns">Input features, or elements of a vector.</param>
/// <param name="Scale">Standard deviation of its elements; 0 for a vector of ones.</param>
internal sealed record SyntheticTensor(string Name, int Rows, int Columns, float Scale)
{
    /// <summary>A norm's weight.</summary>
    public bool IsVector => Rows == 0;

    /// <summary>Elements.</summary>
    public long Count => (long)Math.Max(Rows, 1) * Columns;

    /// <summary>Extents, outermost first.</summary>
    public int[] Shape => IsVector ? [Columns] : [Rows, Columns];

    /// <summary>The tensors of a shape, in the order in which they are written.</summary>
    public static IReadOnlyList<SyntheticTensor> Of(ModelShape shape)
    {
        float scale = 1 / MathF.Sqrt(shape.HiddenSize);
        var tensors = new List<SyntheticTensor> { new("model.embed_tokens.weight", shape.VocabularySize, shape.HiddenSize, shape.IsTied ? scale : 1) };
        for (int layer = 0; layer < shape.Layers; layer++)
        {
            string prefix = $"model.layers.{layer}.";
            Vector($"{prefix}input_layernorm", shape.HiddenSize);
            Matrix($"{prefix}self_attn.q_proj", shape.QueryWidth, shape.HiddenSize);
            Matrix($"{prefix}self_attn.k_proj", shape.KvWidth, shape.HiddenSize);
            Matrix($"{prefix}self_attn.v_proj", shape.KvWidth, shape.HiddenSize);
            Matrix($"{prefix}self_attn.o_proj", shape.HiddenSize, shape.QueryWidth);
            if (shape.NormsHeads)
            {
                Vector($"{prefix}self_attn.q_norm", shape.HeadSize);
                Vector($"{prefix}self_attn.k_norm", shape.HeadSize);
            }

            Vector($"{prefix}post_attention_layernorm", shape.HiddenSize);
            if (shape.Experts == 0)
            {
                Matrix($"{prefix}mlp.gate_proj", shape.IntermediateSize, shape.HiddenSize);
                Matrix($"{prefix}mlp.up_proj", shape.IntermediateSize, shape.HiddenSize);
                Matrix($"{prefix}mlp.down_proj", shape.HiddenSize, shape.IntermediateSize);
                continue;
            }

            Matrix($"{prefix}block_sparse_moe.gate", shape.Experts, shape.HiddenSize);
            // Kind by kind, as GGUF holds the experts of a kind as one tensor.
            foreach ((string part, bool isDown) in ((string, bool)[])[("w1", false), ("w3", false), ("w2", true)])
            {
                for (int expert = 0; expert < shape.Experts; expert++)
                {
                    Matrix(
                        $"{prefix}block_sparse_moe.experts.{expert}.{part}",
                        isDown ? shape.HiddenSize : shape.IntermediateSize, isDown ? shape.IntermediateSize : shape.HiddenSize);
                }
            }
        }

        Vector("model.norm", shape.HiddenSize);
        if (!shape.IsTied)
            Matrix("lm_head", shape.VocabularySize, shape.HiddenSize);
        return tensors;

        void Matrix(string name, int rows, int columns) => tensors.Add(new SyntheticTensor($"{name}.weight", rows, columns, scale));

        void Vector(string name, int columns) => tensors.Add(new SyntheticTensor($"{name}.weight", 0, columns, 0));
    }
}
