namespace Llm42.Runtime;

/// <summary>A mixture of experts on the device.</summary>
/// <param name="Router">Scores the experts; as the model is stored, whatever the experts are.</param>
/// <param name="GateUp">Gate and up of all experts, one group each.</param>
/// <param name="Down">Down of all experts, one group each.</param>
internal sealed record MoeWeights(LinearWeights Router, MatrixWeights GateUp, MatrixWeights Down) : FeedForwardWeights;
