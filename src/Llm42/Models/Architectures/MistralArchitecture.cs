namespace Llm42.Models.Architectures;

/// <summary>Mistral (Jiang et al., 2023): Llama with a sliding window in every layer.</summary>
internal sealed class MistralArchitecture : ModelArchitecture
{
    private const int DefaultWindow = 4096;

    private static readonly DecoderDefaults Defaults = new() { KvHeads = 8 };

    public override string Name => "MistralForCausalLM";

    public override ModelConfig ReadConfig(JsonObjectReader json)
    {
        var config = ModelConfigReader.ReadDecoder(json, Name, Defaults);
        return config with { Windows = SlidingWindow.OfLayers(json, config.Layers, SlidingWindow.Width(json, DefaultWindow)) };
    }

    public override DecoderSpec Describe(ModelConfig config) => DecoderBlocks.Decoder(config, (_, layer) =>
        DecoderBlocks.Layer(config, layer, DecoderBlocks.Mlp(config, layer)));
}
