using Llm42.Weights;

namespace Llm42.Models;

/// <summary>The weights of a whole decoder.</summary>
/// <param name="Embedding">Token embedding.</param>
/// <param name="Layers">The layers, first to last.</param>
/// <param name="FinalNorm">Norm before the head.</param>
/// <param name="Head">Matrix of the logits; null if it is the embedding.</param>
internal sealed record DecoderSpec(
    TensorSpec Embedding, IReadOnlyList<DecoderLayerSpec> Layers, TensorSpec FinalNorm, TensorSpec? Head)
{
    // Tables and duplicates that checkpoints carry along and no forward pass reads.
    private static readonly string[] IgnoredSuffixes = [".rotary_emb.inv_freq"];

    /// <summary>Every tensor of the model.</summary>
    public IEnumerable<TensorSpec> Tensors
    {
        get
        {
            IEnumerable<TensorSpec> body = [Embedding, .. Layers.SelectMany(layer => layer.Tensors), FinalNorm];
            return Head is null ? body : body.Append(Head);
        }
    }

    /// <summary>
    /// Checks that the source holds these tensors and no others: a tensor that nothing reads means that the checkpoint
    /// is of another architecture than its config says, and that the answers would be wrong.
    /// </summary>
    public void Check(IWeightSource source)
    {
        foreach (var tensor in Tensors)
            _ = tensor.In(source);
        var strangers = Strangers(source.Tensors.Keys);
        if (strangers.Length > 0)
            throw new ModelFormatException(
                source.Path,
                $"{strangers.Length} tensors have no place in this architecture, the first is \"{strangers[0]}\": "
                + "does config.json belong to these weights?");
    }

    /// <summary>Those of the names that no tensor of the model has and that are not known to be left over, sorted.</summary>
    public string[] Strangers(IEnumerable<string> names)
    {
        var known = Tensors.Select(tensor => tensor.Name).ToHashSet(StringComparer.Ordinal);
        return [.. names.Where(name => !known.Contains(name) && !IsIgnored(name)).Order(StringComparer.Ordinal)];
    }

    private bool IsIgnored(string name) =>
        (Head is null && name == DecoderBlocks.HeadName)
        || IgnoredSuffixes.Any(suffix => name.EndsWith(suffix, StringComparison.Ordinal));
}
