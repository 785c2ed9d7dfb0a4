namespace Llm42.Core.Observability;

/// <summary>The first place where the hidden states of two runs part.</summary>
/// <param name="Position">Position of the row in prompt and answer, from 0.</param>
/// <param name="Stage">
/// "embedding", "layer 3 attention" or "layer 3 mlp" (layers from 0), "logits", or "end" where only one of the two has
/// this row.
/// </param>
public sealed record LayerDifference(int Position, string Stage);
