using Llm42.Native;

namespace Llm42.Runtime;

/// <summary>One decoder layer on the device.</summary>
internal sealed record LayerWeights(
    NativeBuffer AttentionNorm,
    LinearWeights QueryKeyValue,
    NativeBuffer? QueryNorm,
    NativeBuffer? KeyNorm,
    LinearWeights AttentionOutput,
    NativeBuffer MlpNorm,
    FeedForwardWeights FeedForward);
