namespace Llm42.Models.Architectures;

/// <summary>Qwen3 with experts in all layers, in every n-th, or in all but some (Yang et al., 2025).</summary>
internal sealed class Qwen3MoeArchitecture : ModelArchitecture
{
    private const int MaxWidth = 1 << 24;

    private static readonly DecoderDefaults Defaults = new() { KvHeads = 4 };

    public override string Name => "Qwen3MoeForCausalLM";

    public override ModelConfig ReadConfig(JsonObjectReader json)
    {
        var config = ModelConfigReader.ReadDecoder(json, Name, Defaults);
        var step = json.Integer("decoder_sparse_step", 1, int.MaxValue, 1);
        var dense = json.Integers("mlp_only_layers", 0, config.Layers - 1);
        return config with
        {
            Windows = QwenWindows.OfAllLayers(json, config.Layers),
            Moe = MoeConfigReader.Read(
                json,
                // What transformers 5 saves is called as in Mixtral.
                json.Has("num_local_experts") && !json.Has("num_experts") ? "num_local_experts" : "num_experts",
                128,
                8,
                json.Integer("moe_intermediate_size", 1, MaxWidth, 768),
                json.Boolean("norm_topk_prob", false),
                [.. Enumerable.Range(0, config.Layers).Where(layer => dense.Contains(layer) || (layer + 1) % step != 0)]),
        };
    }

    public override DecoderSpec Describe(ModelConfig config) => DecoderBlocks.Decoder(config, (i, layer) =>
        DecoderBlocks.Layer(
            config,
            layer,
            config.Moe!.IsSparse(i)
                ? DecoderBlocks.Moe(config, $"{layer}.mlp", "gate_proj", "up_proj", "down_proj")
                : DecoderBlocks.Mlp(config, layer),
            config.AttentionBias,
            config.AttentionBias).WithHeadNorms(config, layer));
}
