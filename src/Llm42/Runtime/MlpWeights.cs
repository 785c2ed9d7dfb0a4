namespace Llm42.Runtime;

/// <summary>A SwiGLU on the device.</summary>
internal sealed record MlpWeights(LinearWeights GateUp, LinearWeights Down) : FeedForwardWeights;
