using System.Buffers.Binary;
using System.Text.RegularExpressions;

namespace Llm42.Tests.Gguf;

/// <summary>
/// Turns a Hugging Face model into GGUF as llama.cpp's converter does: its names, its order of the rows of queries and
/// keys, experts stacked, vectors in f32. Written from its documentation and independent of the reader.
/// </summary>
internal static partial class GgufConversion
{
    private static readonly (string Hub, string Gguf)[] Names =
    [
        ("model.embed_tokens", "token_embd"), ("model.norm", "output_norm"), ("lm_head", "output"),
        ("self_attn.q_proj", "attn_q"), ("self_attn.k_proj", "attn_k"), ("self_attn.v_proj", "attn_v"),
        ("self_attn.qkv_proj", "attn_qkv"), ("self_attn.o_proj", "attn_output"), ("self_attn.q_norm", "attn_q_norm"),
        ("self_attn.k_norm", "attn_k_norm"), ("input_layernorm", "attn_norm"), ("post_attention_layernorm", "ffn_norm"),
        ("mlp.gate_up_proj", "ffn_up"), ("mlp.gate_proj", "ffn_gate"), ("mlp.up_proj", "ffn_up"), ("mlp.down_proj", "ffn_down"),
        ("block_sparse_moe.gate", "ffn_gate_inp"), ("mlp.gate", "ffn_gate_inp"),
    ];

    private static readonly Dictionary<string, string> ExpertNames = new()
    {
        ["w1"] = "ffn_gate_exps", ["w3"] = "ffn_up_exps", ["w2"] = "ffn_down_exps",
        ["gate_proj"] = "ffn_gate_exps", ["up_proj"] = "ffn_up_exps", ["down_proj"] = "ffn_down_exps",
    };

    /// <summary>Converts a model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="type">Type of the matrices; rows that Q8_0 cannot hold become F16.</param>
    /// <param name="vectorType">Type of norms and biases; the converter's is F32.</param>
    public static GgufBytes Convert(HubModel model, int type, int vectorType = GgufBytes.F32)
    {
        var file = new GgufBytes();
        AddConfig(file, model);
        if (RopeFactors(model) is { } factors)
            file.Add("rope_freqs.weight", [factors.Length], GgufBytes.F32, HubModel.Encode(factors, GgufBytes.F32));
        var stacks = new Dictionary<string, List<(int Expert, long[] Shape, float[] Values)>>();
        foreach (var (name, (shape, values)) in model.Tensors)
        {
            if (ExpertName().Match(name) is { Success: true } expert)
            {
                var stack = $"blk.{expert.Groups[1].Value}.{ExpertNames[expert.Groups[3].Value]}.weight";
                stacks.TryAdd(stack, []);
                stacks[stack].Add((int.Parse(expert.Groups[2].ValueSpan), shape, values));
                continue;
            }
            AddTensor(file, NameOf(name), shape, Ordered(model, name, shape, values), shape.Length == 1 ? vectorType : type);
        }
        foreach (var (name, parts) in stacks)
        {
            parts.Sort((a, b) => a.Expert.CompareTo(b.Expert));
            AddTensor(file, name, [parts.Count, .. parts[0].Shape], [.. parts.SelectMany(part => part.Values)], type);
        }
        return file;
    }

    /// <summary>The model with each element as Q8_0 gives it back, in f16; vectors are left alone.</summary>
    public static HubModel Quantized(HubModel model) => new()
    {
        Config = model.Config,
        Tensors = model.Tensors.ToDictionary(
            tensor => tensor.Key,
            tensor => tensor.Value.Shape.Length > 1 && tensor.Value.Shape[^1] % 32 == 0
                ? (tensor.Value.Shape, Dequantize(Quantize(tensor.Value.Values)))
                : tensor.Value),
    };

    /// <summary>Blocks of Q8_0.</summary>
    public static byte[] Quantize(float[] values)
    {
        var blocks = new byte[values.Length / 32 * 34];
        for (var block = 0; block < values.Length / 32; block++)
        {
            var elements = values.AsSpan(block * 32, 32);
            var largest = 0f;
            foreach (var element in elements)
                largest = Math.Max(largest, Math.Abs(element));
            var scale = largest / 127;
            BinaryPrimitives.WriteHalfLittleEndian(blocks.AsSpan(block * 34), (Half)scale);
            for (var i = 0; i < 32; i++)
                blocks[(block * 34) + 2 + i] = (byte)(sbyte)(scale == 0 ? 0 : Math.Round(elements[i] / scale, MidpointRounding.AwayFromZero));
        }
        return blocks;
    }

    /// <summary>What blocks of Q8_0 mean, rounded to f16.</summary>
    public static float[] Dequantize(byte[] blocks)
    {
        var values = new float[blocks.Length / 34 * 32];
        for (var i = 0; i < values.Length; i++)
        {
            var block = blocks.AsSpan(i / 32 * 34, 34);
            values[i] = (float)(Half)((double)BinaryPrimitives.ReadHalfLittleEndian(block) * (sbyte)block[2 + (i % 32)]);
        }
        return values;
    }

    private static void AddTensor(GgufBytes file, string name, long[] shape, float[] values, int type)
    {
        if (type == GgufBytes.Q8_0 && shape[^1] % 32 == 0)
            file.Add(name, shape, type, Quantize(values));
        else
            file.Add(name, shape, type == GgufBytes.Q8_0 ? GgufBytes.F16 : type, HubModel.Encode(values, type == GgufBytes.Q8_0 ? GgufBytes.F16 : type));
    }

    private static string NameOf(string name)
    {
        var suffix = name[name.LastIndexOf('.')..];
        var stem = name[..^suffix.Length];
        var layer = LayerName().Match(stem);
        var part = layer.Success ? layer.Groups[2].Value : stem;
        var found = Array.Find(Names, pair => pair.Hub == part).Gguf ?? throw new ArgumentException($"{name} has no name in GGUF.");
        return (layer.Success ? $"blk.{layer.Groups[1].Value}." : "") + found + suffix;
    }

    /// <summary>reshape(heads, 2, half, columns), then axes 1 and 2 swapped, for queries and keys of the llama architecture.</summary>
    private static float[] Ordered(HubModel model, string name, long[] shape, float[] values)
    {
        var isQuery = name.Contains("q_proj", StringComparison.Ordinal);
        if (ArchitectureOf(model) != "llama" || (!isQuery && !name.Contains("k_proj", StringComparison.Ordinal)))
            return values;
        var heads = isQuery ? model.Integer("num_attention_heads") : model.Integer("num_key_value_heads");
        var columns = shape.Length == 1 ? 1 : (int)shape[1];
        var half = (int)shape[0] / heads / 2;
        var ordered = new float[values.Length];
        for (var head = 0; head < heads; head++)
        {
            for (var part = 0; part < 2; part++)
            {
                for (var i = 0; i < half; i++)
                {
                    var source = ((head * 2) + part) * half + i;
                    var target = ((head * half) + i) * 2 + part;
                    Array.Copy(values, source * columns, ordered, target * columns, columns);
                }
            }
        }
        return ordered;
    }

    private static string ArchitectureOf(HubModel model) => model.Type switch
    {
        "llama" or "mistral" or "mixtral" => "llama",
        "qwen3_moe" => "qwen3moe",
        var type => type,
    };

    private static void AddConfig(GgufBytes file, HubModel model)
    {
        var name = ArchitectureOf(model);
        var heads = model.Integer("num_attention_heads");
        var headSize = model.Integer("head_dim", model.Integer("hidden_size") / heads);
        file.Add("general.architecture", name)
            .Add("general.name", "a test")
            .Add($"{name}.context_length", (uint)model.Integer("max_position_embeddings"))
            .Add($"{name}.embedding_length", (uint)model.Integer("hidden_size"))
            .Add($"{name}.block_count", (uint)model.Integer("num_hidden_layers"))
            .Add($"{name}.feed_forward_length", (uint)model.Integer("intermediate_size"))
            .Add($"{name}.attention.head_count", (uint)heads)
            .Add($"{name}.attention.head_count_kv", (uint)model.Integer("num_key_value_heads"))
            .Add($"{name}.attention.key_length", (uint)headSize)
            .Add($"{name}.attention.value_length", (uint)headSize)
            .Add($"{name}.rope.dimension_count", (uint)headSize)
            .Add($"{name}.rope.freq_base", (float)(double)model.Config["rope_theta"]!)
            .Add($"{name}.attention.layer_norm_rms_epsilon", (float)(double)model.Config["rms_norm_eps"]!)
            .Add("tokenizer.ggml.bos_token_id", (uint)model.Integer("bos_token_id"))
            .Add("tokenizer.ggml.eos_token_id", (uint)model.Integer("eos_token_id"));
        var experts = model.Integer("num_local_experts", model.Integer("num_experts"));
        if (experts > 0)
            file.Add($"{name}.expert_count", (uint)experts).Add($"{name}.expert_used_count", (uint)model.Integer("num_experts_per_tok"));
        if (model.Integer("moe_intermediate_size") is > 0 and var width)
            file.Add($"{name}.expert_feed_forward_length", (uint)width);
        if (model.Integer("sliding_window") is > 0 and var window && model.Type is "mistral" or "phi3")
            file.Add($"{name}.attention.sliding_window", (uint)model.Integer("sliding_window"));
    }

    /// <summary>The scaling of Llama 3.1, which GGUF has as one factor for each frequency.</summary>
    private static float[]? RopeFactors(HubModel model)
    {
        if (model.Config["rope_scaling"] is not { } scaling || (string)scaling["rope_type"]! != "llama3")
            return null;
        var (factor, low, high) = ((double)scaling["factor"]!, (double)scaling["low_freq_factor"]!, (double)scaling["high_freq_factor"]!);
        var original = (double)scaling["original_max_position_embeddings"]!;
        var size = model.Integer("head_dim");
        return [.. Enumerable.Range(0, size / 2).Select(i =>
        {
            var wavelength = 2 * Math.PI * Math.Pow((double)model.Config["rope_theta"]!, 2.0 * i / size);
            if (wavelength < original / high)
                return 1f;
            if (wavelength > original / low)
                return (float)factor;
            var smooth = ((original / wavelength) - low) / (high - low);
            return (float)(1 / (((1 - smooth) / factor) + smooth));
        })];
    }

    [GeneratedRegex(@"^model\.layers\.(\d+)\.(.+)$")]
    private static partial Regex LayerName();

    [GeneratedRegex(@"^model\.layers\.(\d+)\..+\.experts\.(\d+)\.(\w+)\.weight$")]
    private static partial Regex ExpertName();
}
