namespace Llm42;

/// <summary>What a model is.</summary>
/// <param name="Architecture">Its name in config.json: "LlamaForCausalLM".</param>
/// <param name="Directory">Where it was loaded from.</param>
/// <param name="Layers">Decoder layers.</param>
/// <param name="HiddenSize">Width of the residual stream.</param>
/// <param name="QueryHeads">Query heads per layer.</param>
/// <param name="KvHeads">Key/value heads per layer.</param>
/// <param name="HeadSize">Elements per head.</param>
/// <param name="VocabularySize">Token ids are 0..VocabularySize-1.</param>
/// <param name="MaxContext">Most positions that the engine gives a sequence.</param>
/// <param name="ParameterCount">Weights, tied ones counted once.</param>
/// <param name="WeightDtype">dtype of most of them as stored: "bf16".</param>
/// <param name="WeightBytes">Their bytes as stored.</param>
public sealed record ModelDescription(
    string Architecture,
    string Directory,
    int Layers,
    int HiddenSize,
    int QueryHeads,
    int KvHeads,
    int HeadSize,
    int VocabularySize,
    int MaxContext,
    long ParameterCount,
    string WeightDtype,
    long WeightBytes);
