namespace Llm42.Models.Architectures;

/// <summary>Qwen2 and Qwen2.5 (Yang et al., 2024): biases of queries, keys and values; the later layers may have windows.</summary>
internal sealed class Qwen2Architecture : ModelArchitecture
{
    private static readonly DecoderDefaults Defaults = new() { KvHeads = 32 };

    public override string Name => "Qwen2ForCausalLM";

    public override ModelConfig ReadConfig(JsonObjectReader json)
    {
        var config = ModelConfigReader.ReadDecoder(json, Name, Defaults);
        return config with { Windows = QwenWindows.OfLateLayers(json, config.Layers) };
    }

    public override DecoderSpec Describe(ModelConfig config) => DecoderBlocks.Decoder(config, (_, layer) =>
        DecoderBlocks.Layer(config, layer, DecoderBlocks.Mlp(config, layer), hasQkvBias: true));
}
