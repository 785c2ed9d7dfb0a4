namespace Llm42.Native.Tests.References;

/// <summary>The choice of experts and the order of the slots, from their definitions.</summary>
internal static class MoeReference
{
    /// <summary>Experts of one row, largest logit first, ties to the lower expert, and their weights in float64.</summary>
    public static (int[] Experts, double[] Weights) Route(ReadOnlySpan<float> logits, int topK, bool renormalize)
    {
        float[] row = logits.ToArray();
        int[] order = [.. Enumerable.Range(0, row.Length).OrderByDescending(e => row[e]).ThenBy(e => e)];
        double largest = row[order[0]];
        double total = row.Sum(logit => Math.Exp(logit - largest));
        int[] experts = order[..topK];
        double chosen = experts.Sum(e => Math.Exp(row[e] - largest));
        return (experts, [.. experts.Select(e => Math.Exp(row[e] - largest) / (renormalize ? chosen : total))]);
    }

    /// <summary>Slots by expert, ascending inside an expert, and where each expert's begin.</summary>
    public static (int[] Starts, int[] Order) Permute(int[] expertIds, int experts)
    {
        List<int> starts = [0];
        List<int> order = [];
        for (int e = 0; e < experts; ++e)
        {
            order.AddRange(Enumerable.Range(0, expertIds.Length).Where(slot => expertIds[slot] == e));
            starts.Add(order.Count);
        }

        return ([.. starts], [.. order]);
    }
}
