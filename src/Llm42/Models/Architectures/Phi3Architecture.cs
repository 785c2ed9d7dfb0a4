namespace Llm42.Models.Architectures;

/// <summary>Phi-3 and Phi-4 (Abdin et al., 2024): queries, keys and values in one matrix, gate and up in another.</summary>
internal sealed class Phi3Architecture : ModelArchitecture
{
    private static readonly DecoderDefaults Defaults = new() { RmsNormEpsilon = 1e-5 };

    public override string Name => "Phi3ForCausalLM";

    public override ModelConfig ReadConfig(JsonObjectReader json)
    {
        var config = ModelConfigReader.ReadDecoder(json, Name, Defaults);
        return config with { Windows = SlidingWindow.OfLayers(json, config.Layers, SlidingWindow.Width(json)) };
    }

    public override DecoderSpec Describe(ModelConfig config) => DecoderBlocks.Decoder(config, (_, layer) =>
    {
        var (width, attention, mlp) = (config.IntermediateSize, $"{layer}.self_attn", $"{layer}.mlp");
        var gateUp = TensorSpec.Matrix($"{mlp}.gate_up_proj.weight", 2 * width, config.HiddenSize);
        return new DecoderLayerSpec(
            DecoderBlocks.Norm(config, $"{layer}.input_layernorm"),
            DecoderBlocks.Fused(false, config.HiddenSize, ($"{attention}.qkv_proj", config.QueryWidth + (2 * config.KvWidth))),
            DecoderBlocks.Fused(false, config.QueryWidth, ($"{attention}.o_proj", config.HiddenSize)),
            DecoderBlocks.Norm(config, $"{layer}.post_attention_layernorm"),
            new MlpSpec(
                new LinearSpec([gateUp.Rows(0, width), gateUp.Rows(width, width)], [], IsGated: true),
                DecoderBlocks.Fused(false, width, ($"{mlp}.down_proj", config.HiddenSize))));
    });
}
