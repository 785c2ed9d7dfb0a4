namespace Llm42.Native.Tests.References;

/// <summary>Matrix products in float64, with the error that an fp32 sum in any order may have.</summary>
internal sealed class LinearReference
{
    private const double Unit = 1.0 / (1 << 24);

    private LinearReference(double[] output, double[] errors) => (Output, Errors) = (output, errors);

    public double[] Output { get; }

    /// <summary>Bound of the rounding error of each output.</summary>
    public double[] Errors { get; }

    public static LinearReference Compute(
        float[] input, float[] weight, int rows, int columns, int outputs, float[]? bias, float[]? residual)
    {
        double[] output = new double[rows * outputs];
        double[] errors = new double[rows * outputs];
        for (int m = 0; m < rows; ++m)
        {
            for (int n = 0; n < outputs; ++n)
            {
                double sum = 0;
                double magnitude = 0;
                for (int k = 0; k < columns; ++k)
                {
                    double product = (double)input[m * columns + k] * weight[n * columns + k];
                    sum += product;
                    magnitude += Math.Abs(product);
                }

                double extra = (bias?[n] ?? 0) + (double)(residual?[m * outputs + n] ?? 0);
                output[m * outputs + n] = sum + extra;
                errors[m * outputs + n] =
                    (columns + 4) * Unit * (magnitude + Math.Abs(bias?[n] ?? 0) + Math.Abs(residual?[m * outputs + n] ?? 0)) + 1e-30;
            }
        }

        return new LinearReference(output, errors);
    }

    /// <summary>silu(gate) * up of outputs whose first half is gate and whose second half is up.</summary>
    public LinearReference SwiGlu(int rows, int outputs)
    {
        int half = outputs / 2;
        double[] output = new double[rows * half];
        double[] errors = new double[rows * half];
        for (int m = 0; m < rows; ++m)
        {
            for (int n = 0; n < half; ++n)
            {
                int g = m * outputs + n;
                int u = g + half;
                double silu = Output[g] / (1 + Math.Exp(-Output[g]));
                output[m * half + n] = silu * Output[u];

                // |silu'| <= 1.1; the factor 16 covers the fp32 evaluation of silu itself.
                errors[m * half + n] =
                    1.1 * Errors[g] * (Math.Abs(Output[u]) + Errors[u]) + Math.Abs(silu) * Errors[u]
                    + 16 * Unit * Math.Abs(silu * Output[u]) + 1e-30;
            }
        }

        return new LinearReference(output, errors);
    }
}
