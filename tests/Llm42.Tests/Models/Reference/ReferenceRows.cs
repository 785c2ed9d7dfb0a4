namespace Llm42.Tests.Models.Reference;

/// <summary>What a reference forward pass says of each position.</summary>
/// <param name="Logits">All logits behind each token.</param>
/// <param name="RouterMargins">
/// How far the last expert chosen is from the first one not chosen, in the layer where that is least; infinite without
/// experts to choose from, or where they tie exactly.
/// </param>
internal sealed record ReferenceRows(double[][] Logits, double[] RouterMargins)
{
    /// <summary>
    /// Rows before the first one that is a close call between experts: there single precision may choose another one,
    /// and what follows is not comparable.
    /// </summary>
    public int ComparableRows(double closest)
    {
        var first = Array.FindIndex(RouterMargins, margin => margin < closest);
        return first < 0 ? RouterMargins.Length : first;
    }
}
