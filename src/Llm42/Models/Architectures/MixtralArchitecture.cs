namespace Llm42.Models.Architectures;

/// <summary>Mixtral (Jiang et al., 2024): Mistral with experts in every layer, whose weights are a softmax over the chosen ones.</summary>
internal sealed class MixtralArchitecture : ModelArchitecture
{
    private static readonly DecoderDefaults Defaults = new() { KvHeads = 8, RmsNormEpsilon = 1e-5, RopeTheta = 1e6 };

    public override string Name => "MixtralForCausalLM";

    public override ModelConfig ReadConfig(JsonObjectReader json)
    {
        var config = ModelConfigReader.ReadDecoder(json, Name, Defaults);
        return config with
        {
            Windows = SlidingWindow.OfLayers(json, config.Layers, SlidingWindow.Width(json)),
            Moe = MoeConfigReader.Read(
                json, "num_local_experts", 8, 2, config.IntermediateSize, isRenormalized: true, denseLayers: []),
        };
    }

    public override DecoderSpec Describe(ModelConfig config) => DecoderBlocks.Decoder(config, (_, layer) =>
        DecoderBlocks.Layer(config, layer, DecoderBlocks.Moe(config, $"{layer}.block_sparse_moe", "w1", "w3", "w2")));
}
