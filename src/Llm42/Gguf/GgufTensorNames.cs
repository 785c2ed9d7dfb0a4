using System.Globalization;
using System.Text.RegularExpressions;

namespace Llm42.Gguf;

/// <summary>Hugging Face's names for the tensors of GGUF files.</summary>
internal static partial class GgufTensorNames
{
    /// <summary>Factors that the frequencies of the rotary embedding are divided by: part of the config, not a weight.</summary>
    public const string RopeFactors = "rope_freqs.weight";

    /// <summary>Such factors for contexts up to the original one.</summary>
    public const string RopeShortFactors = "rope_factors_short.weight";

    /// <summary>Such factors for longer contexts.</summary>
    public const string RopeLongFactors = "rope_factors_long.weight";

    public const string Embedding = "token_embd.weight";
    public const string Head = "output.weight";

    private static readonly Dictionary<string, string> Globals = new(StringComparer.Ordinal)
    {
        [Embedding] = "model.embed_tokens.weight",
        ["output_norm.weight"] = "model.norm.weight",
        [Head] = "lm_head.weight",
    };

    private static readonly Dictionary<string, string> Parts = new(StringComparer.Ordinal)
    {
        ["attn_norm"] = "input_layernorm",
        ["attn_q"] = "self_attn.q_proj",
        ["attn_k"] = "self_attn.k_proj",
        ["attn_v"] = "self_attn.v_proj",
        ["attn_qkv"] = "self_attn.qkv_proj",
        ["attn_q_norm"] = "self_attn.q_norm",
        ["attn_k_norm"] = "self_attn.k_norm",
        ["attn_output"] = "self_attn.o_proj",
        ["ffn_norm"] = "post_attention_layernorm",
        ["ffn_gate"] = "mlp.gate_proj",
        ["ffn_up"] = "mlp.up_proj",
        ["ffn_down"] = "mlp.down_proj",
    };

    /// <summary>True for what the config takes in.</summary>
    public static bool IsConfig(string name) => name is RopeFactors or RopeShortFactors or RopeLongFactors;

    /// <summary>The name of a tensor; where its outermost extent are the experts, with "{0}" for the expert.</summary>
    /// <returns>Null for a name that has no counterpart.</returns>
    public static string? Find(GgufArchitecture architecture, string name)
    {
        if (Globals.TryGetValue(name, out var global))
            return global;
        var layer = LayerName().Match(name);
        if (!layer.Success)
            return null;
        var prefix = $"model.layers.{layer.Groups["layer"].Value}.";
        var (part, suffix) = (layer.Groups["part"].Value, layer.Groups["suffix"].Value);
        if (part == "ffn_gate_inp")
            return $"{prefix}{architecture.RouterName}.{suffix}";
        // Phi-3 stores gate and up as one matrix.
        if (part == "ffn_up" && architecture.Name == "phi3")
            return $"{prefix}mlp.gate_up_proj.{suffix}";
        if (Parts.TryGetValue(part, out var known))
            return $"{prefix}{known}.{suffix}";
        var expert = ExpertPart().Match(part);
        if (!expert.Success)
            return null;
        var matrix = expert.Groups["matrix"].Value switch
        {
            "gate" => architecture.ExpertNames.Gate,
            "up" => architecture.ExpertNames.Up,
            _ => architecture.ExpertNames.Down,
        };
        var number = expert.Groups["expert"];
        return $"{prefix}{architecture.ExpertsName}.{(number.Success ? number.Value : "{0}")}.{matrix}.{suffix}";
    }

    /// <summary>True for a name that <see cref="Find"/> gave to a tensor that stacks experts.</summary>
    public static bool IsStacked(string name) => name.Contains("{0}", StringComparison.Ordinal);

    /// <summary>The name of one expert's part of a tensor that stacks them.</summary>
    public static string OfExpert(string name, long expert) => name.Replace("{0}", expert.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal);

    [GeneratedRegex(@"^blk\.(?<layer>0|[1-9][0-9]{0,5})\.(?<part>.+)\.(?<suffix>weight|bias)$", RegexOptions.CultureInvariant)]
    private static partial Regex LayerName();

    // Stacked, or one by one as older converters wrote them.
    [GeneratedRegex(@"^ffn_(?<matrix>gate|up|down)(_exps|\.(?<expert>0|[1-9][0-9]{0,5}))$", RegexOptions.CultureInvariant)]
    private static partial Regex ExpertPart();
}
