namespace Llm42.Models;

/// <summary>A mixture of experts in place of the feed-forward part of some layers.</summary>
/// <param name="Experts">Experts of a layer, 1..1024.</param>
/// <param name="TopK">Experts that a token goes to, 1..min(Experts, 64).</param>
/// <param name="IntermediateSize">Width of an expert.</param>
/// <param name="IsRenormalized">The weights of the chosen experts are divided by their sum.</param>
/// <param name="DenseLayers">Layers that have an ordinary feed-forward part all the same, ascending.</param>
internal sealed record MoeConfig(
    int Experts, int TopK, int IntermediateSize, bool IsRenormalized, IReadOnlyList<int> DenseLayers)
{
    /// <summary>True if a layer has experts.</summary>
    public bool IsSparse(int layer) => !DenseLayers.Contains(layer);
}
