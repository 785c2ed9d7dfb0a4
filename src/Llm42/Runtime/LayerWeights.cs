using Llm42.Native;

namespace Llm42.Runtime;

/// <summary>One decoder layer on the device.</summary>
internal sealed record LayerWeights(
    NativeBuffer AttentionNorm,
    LinearWeights QueryKeyValue,
    LinearWeights AttentionOutput,
    NativeBuffer MlpNorm,
    LinearWeights GateUp,
    LinearWeights Down);
