using Llm42.Native.Tests.Devices;
using Llm42.Native.Tests.OperatorTests;

namespace Llm42.Native.Tests.References;

/// <summary>Attention in float64 over keys and values rounded as the cache rounds them.</summary>
internal static class AttentionReference
{
    public static double[] Compute(AttentionShape shape, AttentionRow row, DType activationType)
    {
        int first = shape.Window == 0 ? 0 : Math.Max(0, row.Position - shape.Window + 1);
        int count = row.Position - first + 1;
        float[][] keys = new float[count][];
        float[][] values = new float[count][];
        for (int i = 0; i < count; ++i)
        {
            AttentionRow at = row with { Position = first + i };
            keys[i] = Round(AttentionScene.Key(shape, at), shape, activationType);
            values[i] = Round(AttentionScene.Value(shape, at), shape, activationType);
        }

        float[] query = Elements.Round(AttentionScene.Query(shape, row), activationType);
        double[] output = new double[shape.Width];
        for (int h = 0; h < shape.QueryHeads; ++h)
        {
            int kv = h / (shape.QueryHeads / shape.KvHeads) * shape.HeadSize;
            double[] scores = new double[count];
            for (int i = 0; i < count; ++i)
            {
                for (int d = 0; d < shape.HeadSize; ++d)
                {
                    scores[i] += (double)query[h * shape.HeadSize + d] * keys[i][kv + d];
                }

                scores[i] *= shape.Scale;
            }

            double largest = scores.Max();
            double sum = 0;
            for (int i = 0; i < count; ++i)
            {
                double weight = Math.Exp(scores[i] - largest);
                sum += weight;
                for (int d = 0; d < shape.HeadSize; ++d)
                {
                    output[h * shape.HeadSize + d] += weight * values[i][kv + d];
                }
            }

            for (int d = 0; d < shape.HeadSize; ++d)
            {
                output[h * shape.HeadSize + d] /= sum;
            }
        }

        return output;
    }

    private static float[] Round(float[] values, AttentionShape shape, DType activationType) =>
        Elements.Round(Elements.Round(values, activationType), shape.CacheType);
}
