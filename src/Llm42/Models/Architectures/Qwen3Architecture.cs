namespace Llm42.Models.Architectures;

/// <summary>Qwen3 (Yang et al., 2025): norms over each head's queries and keys, and a head size of its own.</summary>
internal sealed class Qwen3Architecture : ModelArchitecture
{
    private static readonly DecoderDefaults Defaults = new() { KvHeads = 32, HeadSize = 128 };

    public override string Name => "Qwen3ForCausalLM";

    public override ModelConfig ReadConfig(JsonObjectReader json)
    {
        var config = ModelConfigReader.ReadDecoder(json, Name, Defaults);
        return config with { Windows = QwenWindows.OfLateLayers(json, config.Layers) };
    }

    public override DecoderSpec Describe(ModelConfig config) => DecoderBlocks.Decoder(config, (_, layer) =>
        DecoderBlocks.Layer(config, layer, DecoderBlocks.Mlp(config, layer), config.AttentionBias, config.AttentionBias)
            .WithHeadNorms(config, layer));
}
