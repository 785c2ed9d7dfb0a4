namespace Llm42.Core.Execution;

/// <summary>
/// Hashes of the hidden state of one row on its way through the model. Two rows with equal hashes had, but for an
/// accident of one in 2^64, equal bits.
/// </summary>
/// <param name="Residual">
/// Of the residual stream: behind the embedding, then behind the attention and behind the MLP of each layer in turn.
/// </param>
/// <param name="Logits">Of the logits; null if the row was not predicted.</param>
public sealed record RowHashes(IReadOnlyList<ulong> Residual, ulong? Logits);
