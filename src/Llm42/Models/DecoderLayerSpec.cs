namespace Llm42.Models;

/// <summary>The weights of one pre-norm decoder layer.</summary>
internal sealed record DecoderLayerSpec(
    TensorSpec AttentionNorm,
    LinearSpec QueryKeyValue,
    LinearSpec AttentionOutput,
    TensorSpec MlpNorm,
    LinearSpec GateUp,
    LinearSpec Down)
{
    /// <summary>Every tensor of the layer.</summary>
    public IEnumerable<TensorSpec> Tensors =>
    [
        AttentionNorm, .. QueryKeyValue.Tensors, .. AttentionOutput.Tensors,
        MlpNorm, .. GateUp.Tensors, .. Down.Tensors,
    ];
}
