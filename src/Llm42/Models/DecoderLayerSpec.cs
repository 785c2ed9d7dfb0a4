namespace Llm42.Models;

/// <summary>The weights of one pre-norm decoder layer.</summary>
/// <param name="AttentionNorm">Norm in front of attention.</param>
/// <param name="QueryKeyValue">Queries, keys and values.</param>
/// <param name="AttentionOutput">The projection behind attention.</param>
/// <param name="MlpNorm">Norm in front of the feed-forward part.</param>
/// <param name="FeedForward">Dense, or a mixture of experts.</param>
internal sealed record DecoderLayerSpec(
    TensorSpec AttentionNorm,
    LinearSpec QueryKeyValue,
    LinearSpec AttentionOutput,
    TensorSpec MlpNorm,
    FeedForwardSpec FeedForward)
{
    /// <summary>Norm of each head's queries, before they are rotated; null for none.</summary>
    public TensorSpec? QueryNorm { get; init; }

    /// <summary>Norm of each head's keys, before they are rotated; null for none.</summary>
    public TensorSpec? KeyNorm { get; init; }

    /// <summary>Every tensor of the layer.</summary>
    public IEnumerable<TensorSpec> Tensors =>
    [
        AttentionNorm, .. QueryKeyValue.Tensors, .. QueryNorm is null ? [] : new[] { QueryNorm },
        .. KeyNorm is null ? [] : new[] { KeyNorm }, .. AttentionOutput.Tensors, MlpNorm, .. FeedForward.Tensors,
    ];
}
