namespace Llm42.Models.Architectures;

/// <summary>Llama 1 to 3 and what copies them (Touvron et al., 2023).</summary>
internal sealed class LlamaArchitecture : ModelArchitecture
{
    public override string Name => "LlamaForCausalLM";

    public override ModelConfig ReadConfig(JsonObjectReader json) => ModelConfigReader.ReadDecoder(json, Name);

    public override DecoderSpec Describe(ModelConfig config) => DecoderBlocks.Decoder(config, layer =>
    {
        var (attention, mlp) = ($"{layer}.self_attn", $"{layer}.mlp");
        return new DecoderLayerSpec(
            DecoderBlocks.Norm(config, $"{layer}.input_layernorm"),
            DecoderBlocks.QueryKeyValue(config, attention, config.AttentionBias),
            DecoderBlocks.AttentionOutput(config, attention, config.AttentionBias),
            DecoderBlocks.Norm(config, $"{layer}.post_attention_layernorm"),
            DecoderBlocks.GateUp(config, mlp, config.MlpBias),
            DecoderBlocks.Down(config, mlp, config.MlpBias));
    });
}
