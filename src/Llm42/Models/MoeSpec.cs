namespace Llm42.Models;

/// <summary>The weights of a mixture of experts.</summary>
/// <param name="Router">Scores the experts.</param>
/// <param name="Experts">One SwiGLU each, all of one shape and without biases.</param>
internal sealed record MoeSpec(LinearSpec Router, IReadOnlyList<MlpSpec> Experts) : FeedForwardSpec
{
    /// <inheritdoc/>
    public override IEnumerable<TensorSpec> Tensors => Router.Tensors.Concat(Experts.SelectMany(expert => expert.Tensors));
}
