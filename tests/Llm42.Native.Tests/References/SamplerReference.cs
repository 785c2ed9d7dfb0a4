namespace Llm42.Native.Tests.References;

/// <summary>
/// The sampling rule in float64. A choice that fp32 rounding could turn over is marked as such, so that tests compare
/// only what is certain and count the rest.
/// </summary>
internal sealed record SamplerReference(int Token, double Margin, bool IsCertain)
{
    private const double Doubt = 2e-5;

    public static SamplerReference Choose(ReadOnlySpan<float> logits, SamplingRow row)
    {
        int[] order = Order(logits);
        if (order.Length == 0)
        {
            return new SamplerReference(0, double.PositiveInfinity, true);
        }

        if (row.Temperature == 0)
        {
            double margin = order.Length == 1 ? double.PositiveInfinity : (double)logits[order[0]] - logits[order[1]];
            return new SamplerReference(order[0], margin, true);
        }

        bool certain = true;
        List<int> kept = [.. order];
        if (row.TopK > 0 && row.TopK < kept.Count)
        {
            kept.RemoveRange(row.TopK, kept.Count - row.TopK);
        }

        double[] weights = Weights(logits, kept, row.Temperature);
        if (row.TopP < 1)
        {
            double total = weights.Sum();
            double sum = 0;
            int count = 0;
            while (count < kept.Count)
            {
                sum += weights[count++] / total;
                certain &= Math.Abs(sum - row.TopP) > Doubt;
                if (sum >= row.TopP)
                {
                    break;
                }
            }

            kept.RemoveRange(count, kept.Count - count);
        }

        if (row.MinP > 0)
        {
            for (int i = kept.Count - 1; i >= 0; --i)
            {
                double ratio = weights[i] / weights[0];
                certain &= i == 0 || Math.Abs(ratio - row.MinP) > Doubt;
                if (ratio < row.MinP)
                {
                    kept.RemoveAt(i);
                }
            }
        }

        return Argmax(logits, kept, row, certain);
    }

    private static SamplerReference Argmax(ReadOnlySpan<float> logits, List<int> kept, SamplingRow row, bool certain)
    {
        double best = double.NegativeInfinity;
        double second = double.NegativeInfinity;
        int token = 0;
        foreach (int id in kept.Order())
        {
            double value = logits[id] / (double)row.Temperature + Philox.Gumbel(row.Seed, row.Position, id);
            if (value > best)
            {
                (second, best, token) = (best, value, id);
            }
            else if (value > second)
            {
                second = value;
            }
        }

        return new SamplerReference(token, best - second, certain && best - second > Doubt * Math.Max(1, Math.Abs(best)));
    }

    // Most likely first, ties to the lower id; what is not a finite number is never chosen.
    private static int[] Order(ReadOnlySpan<float> logits)
    {
        float[] copy = logits.ToArray();
        return [.. Enumerable.Range(0, copy.Length)
            .Where(id => float.IsFinite(copy[id]))
            .OrderByDescending(id => copy[id])
            .ThenBy(id => id)];
    }

    private static double[] Weights(ReadOnlySpan<float> logits, List<int> kept, double temperature)
    {
        double[] weights = new double[kept.Count];
        for (int i = 0; i < weights.Length; ++i)
        {
            weights[i] = Math.Exp((logits[kept[i]] - (double)logits[kept[0]]) / temperature);
        }

        return weights;
    }
}
