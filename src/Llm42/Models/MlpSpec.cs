namespace Llm42.Models;

/// <summary>The weights of a SwiGLU (Shazeer, 2020).</summary>
/// <param name="GateUp">Gate and up.</param>
/// <param name="Down">Down.</param>
internal sealed record MlpSpec(LinearSpec GateUp, LinearSpec Down) : FeedForwardSpec
{
    /// <inheritdoc/>
    public override IEnumerable<TensorSpec> Tensors => GateUp.Tensors.Concat(Down.Tensors);
}
