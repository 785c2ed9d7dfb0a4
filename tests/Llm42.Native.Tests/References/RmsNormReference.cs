namespace Llm42.Native.Tests.References;

/// <summary>RMSNorm in float64.</summary>
internal static class RmsNormReference
{
    public static double[] Compute(double[] input, float[] weight, int width, double epsilon)
    {
        double[] output = new double[input.Length];
        for (int start = 0; start < input.Length; start += width)
        {
            double square = 0;
            for (int i = 0; i < width; ++i)
            {
                square += input[start + i] * input[start + i];
            }

            double scale = 1 / Math.Sqrt(square / width + epsilon);
            for (int i = 0; i < width; ++i)
            {
                output[start + i] = input[start + i] * scale * weight[i];
            }
        }

        return output;
    }
}
