using Llm42.Native;

namespace Llm42.Runtime;

/// <summary>A mixture of experts on the device.</summary>
/// <param name="Router">Scores the experts.</param>
/// <param name="GateUp">Gate and up of all experts, one group each.</param>
/// <param name="Down">Down of all experts, one group each.</param>
internal sealed record MoeWeights(LinearWeights Router, NativeWeight GateUp, NativeWeight Down) : FeedForwardWeights;
