namespace Llm42.Models;

/// <summary>A linear layer, possibly fused from several stored matrices of the same width.</summary>
/// <param name="Parts">The matrices, stacked by rows in this order.</param>
/// <param name="Biases">One bias per part, or none.</param>
/// <param name="IsGated">The parts are gate and up of a SwiGLU.</param>
internal sealed record LinearSpec(
    IReadOnlyList<TensorSpec> Parts, IReadOnlyList<TensorSpec> Biases, bool IsGated = false)
{
    /// <summary>Input features.</summary>
    public int Columns => (int)Parts[0].Shape[1];

    /// <summary>Every tensor of the layer.</summary>
    public IEnumerable<TensorSpec> Tensors => Parts.Concat(Biases);
}
