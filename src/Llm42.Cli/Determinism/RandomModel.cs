using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Llm42.Cli.Determinism;

/// <summary>
/// Writes a Llama, or a Mixtral where there are experts, with random f32 weights. By default the rows of its output matrix are one random row each plus a much
/// smaller random part, so that all logits of a position are nearly equal and the order of additions decides which is
/// largest.
/// </summary>
internal sealed record RandomModel
{
    private static readonly string[] Llama = ["LlamaForCausalLM"];

    private static readonly string[] Mixtral = ["MixtralForCausalLM"];

    public int Hidden { get; init; } = 128;

    public int Intermediate { get; init; } = 256;

    public int Layers { get; init; } = 3;

    public int QueryHeads { get; init; } = 8;

    public int KvHeads { get; init; } = 2;

    public int HeadSize { get; init; } = 16;

    public int Vocabulary { get; init; } = 512;

    public int MaxContext { get; init; } = 1024;

    /// <summary>Experts of a layer, each as wide as <see cref="Intermediate"/>; 0 for none.</summary>
    public int Experts { get; init; }

    /// <summary>Experts that a token is sent to.</summary>
    public int ExpertsPerToken { get; init; } = 2;

    /// <summary>What the rows of the output matrix have in common and what each has of its own.</summary>
    public RandomHead Head { get; init; } = RandomHead.Flat;

    /// <summary>Weights that bf16 holds exactly, so that every backend multiplies with the same ones.</summary>
    public bool IsExactInBf16 { get; init; }

    /// <summary>
    /// A model whose logits are so flat that fast numerics of a backend show. On a GPU the output matrix must be as large as
    /// this for them to sum it otherwise than invariant ones: its depth makes two segments under the latter, and its rows
    /// make tiles enough for the device without them.
    /// </summary>
    public static RandomModel FlatFor(string backend) => backend == "cpu"
        ? new RandomModel()
        : new RandomModel
        {
            Hidden = 512, Intermediate = 32, Layers = 2, QueryHeads = 4,
            Vocabulary = backend == "cuda" ? 16384 : 1024, Head = RandomHead.FlatInBf16,
        };

    /// <summary>Writes config.json and model.safetensors, the same for the same seed; returns the directory.</summary>
    public string Write(string directory, int seed)
    {
        Directory.CreateDirectory(directory);
        var config = new Dictionary<string, object>
        {
            ["architectures"] = Experts > 0 ? Mixtral : Llama,
            ["model_type"] = Experts > 0 ? "mixtral" : "llama",
            ["hidden_size"] = Hidden,
            ["intermediate_size"] = Intermediate,
            ["num_hidden_layers"] = Layers,
            ["num_attention_heads"] = QueryHeads,
            ["num_key_value_heads"] = KvHeads,
            ["head_dim"] = HeadSize,
            ["vocab_size"] = Vocabulary,
            ["max_position_embeddings"] = MaxContext,
            ["rms_norm_eps"] = 1e-5,
            ["rope_theta"] = 10000.0,
            ["hidden_act"] = "silu",
            ["tie_word_embeddings"] = false,
            ["torch_dtype"] = "float32",
        };
        if (Experts > 0)
        {
            config["num_local_experts"] = Experts;
            config["num_experts_per_tok"] = ExpertsPerToken;
        }

        File.WriteAllText(Path.Combine(directory, "config.json"), JsonSerializer.Serialize(config));

        var random = new Random(seed);
        List<(string Name, int[] Shape, float[] Values)> tensors =
        [
            ("model.embed_tokens.weight", [Vocabulary, Hidden], Normal(random, Vocabulary * Hidden, 1)),
            ("model.norm.weight", [Hidden], Ones(Hidden)),
            ("lm_head.weight", [Vocabulary, Hidden], HeadRows(random)),
        ];
        float scale = 1 / MathF.Sqrt(Hidden);
        for (int layer = 0; layer < Layers; layer++)
        {
            string prefix = $"model.layers.{layer}.";
            Matrix("self_attn.q_proj", QueryHeads * HeadSize, Hidden);
            Matrix("self_attn.k_proj", KvHeads * HeadSize, Hidden);
            Matrix("self_attn.v_proj", KvHeads * HeadSize, Hidden);
            Matrix("self_attn.o_proj", Hidden, QueryHeads * HeadSize);
            if (Experts == 0)
            {
                Matrix("mlp.gate_proj", Intermediate, Hidden);
                Matrix("mlp.up_proj", Intermediate, Hidden);
                Matrix("mlp.down_proj", Hidden, Intermediate);
            }
            else
            {
                Matrix("block_sparse_moe.gate", Experts, Hidden);
            }

            for (int expert = 0; expert < Experts; expert++)
            {
                Matrix($"block_sparse_moe.experts.{expert}.w1", Intermediate, Hidden);
                Matrix($"block_sparse_moe.experts.{expert}.w3", Intermediate, Hidden);
                Matrix($"block_sparse_moe.experts.{expert}.w2", Hidden, Intermediate);
            }

            tensors.Add(($"{prefix}input_layernorm.weight", [Hidden], Ones(Hidden)));
            tensors.Add(($"{prefix}post_attention_layernorm.weight", [Hidden], Ones(Hidden)));

            void Matrix(string name, int rows, int columns) =>
                tensors.Add(($"{prefix}{name}.weight", [rows, columns], Normal(random, rows * columns, scale)));
        }

        if (IsExactInBf16)
        {
            foreach ((_, _, float[] values) in tensors)
                TruncateToBf16(values);
        }

        WriteSafetensors(Path.Combine(directory, "model.safetensors"), tensors);
        return directory;
    }

    private float[] HeadRows(Random random)
    {
        float[] common = Normal(random, Hidden, Head.Common);
        float[] own = Normal(random, Vocabulary * Hidden, Head.Own);
        return [.. own.Select((value, i) => !Head.IsApart ? common[i % Hidden] + value : i % 2 == 0 ? common[i % Hidden] : value)];
    }

    private static float[] Ones(int count) => [.. Enumerable.Repeat(1f, count)];

    private static float[] Normal(Random random, int count, float scale)
    {
        float[] values = new float[count];
        for (int i = 0; i < count; i++)
        {
            double radius = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble()));
            values[i] = (float)(radius * Math.Cos(2 * Math.PI * random.NextDouble())) * scale;
        }

        return values;
    }

    private static void TruncateToBf16(float[] values)
    {
        foreach (ref uint bits in MemoryMarshal.Cast<float, uint>(values.AsSpan()))
            bits &= 0xffff0000;
    }

    private static void WriteSafetensors(string path, List<(string Name, int[] Shape, float[] Values)> tensors)
    {
        var header = new Dictionary<string, object>();
        long offset = 0;
        foreach ((string name, int[] shape, float[] values) in tensors)
        {
            long end = offset + ((long)values.Length * sizeof(float));
            header[name] = new { dtype = "F32", shape, data_offsets = new[] { offset, end } };
            offset = end;
        }

        byte[] json = JsonSerializer.SerializeToUtf8Bytes(header);
        using FileStream file = File.Create(path);
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, json.Length);
        file.Write(length);
        file.Write(json);
        foreach ((_, _, float[] values) in tensors)
            file.Write(MemoryMarshal.AsBytes(values.AsSpan()));
    }
}
