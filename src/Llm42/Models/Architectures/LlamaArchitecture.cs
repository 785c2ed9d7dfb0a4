namespace Llm42.Models.Architectures;

/// <summary>Llama 1 to 3 and what copies them (Touvron et al., 2023).</summary>
internal sealed class LlamaArchitecture : ModelArchitecture
{
    public override string Name => "LlamaForCausalLM";

    public override ModelConfig ReadConfig(JsonObjectReader json) => ModelConfigReader.ReadDecoder(json, Name);

    public override DecoderSpec Describe(ModelConfig config) => DecoderBlocks.Decoder(config, (_, layer) =>
        DecoderBlocks.Layer(
            config, layer, DecoderBlocks.Mlp(config, layer, config.MlpBias), config.AttentionBias, config.AttentionBias));
}
