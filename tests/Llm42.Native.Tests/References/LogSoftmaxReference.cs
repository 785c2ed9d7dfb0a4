namespace Llm42.Native.Tests.References;

/// <summary>Log-softmax in float64.</summary>
internal static class LogSoftmaxReference
{
    public static double[] Compute(ReadOnlySpan<float> logits)
    {
        double largest = double.NegativeInfinity;
        foreach (float logit in logits)
        {
            largest = Math.Max(largest, logit);
        }

        double sum = 0;
        foreach (float logit in logits)
        {
            sum += Math.Exp(logit - largest);
        }

        double[] output = new double[logits.Length];
        for (int i = 0; i < output.Length; ++i)
        {
            output[i] = logits[i] - largest - Math.Log(sum);
        }

        return output;
    }
}
