using Llm42.Native.Arguments;
using Llm42.Native.Tests.Comparison;
using Llm42.Native.Tests.Devices;
using Llm42.Native.Tests.References;

namespace Llm42.Native.Tests.OperatorTests;

[TestClass]
public sealed class RmsNormTests
{
    private const float Epsilon = 1e-5f;

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.All), typeof(DeviceMatrix))]
    public void Agrees_with_the_reference(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        foreach ((int rows, int groups, int width) in ((int, int, int)[])[
            (1, 1, 1), (3, 1, 7), (2, 1, 64), (5, 1, 257), (4, 6, 16), (3, 2, 33), (2, 1, 4097)])
        {
            foreach (bool withResidual in (bool[])[false, true])
            {
                float[] input = device.AsActivations(TestData.Floats(rows * groups * width, 1, 3));
                float[]? residual = withResidual ? device.AsActivations(TestData.Floats(input.Length, 2)) : null;
                float[] weight = TestData.Floats(width, 3);
                (float[] output, float[]? sum) = Run(device, input, residual, weight, rows, groups, width, Numerics.Invariant);

                double unit = ActivationError.Of(device.Info.ActivationType);
                string context = $"{name} rows={rows} groups={groups} width={width} residual={withResidual}";
                double[] exact = [.. input.Select((value, i) => value + (double)(residual?[i] ?? 0))];
                if (sum is not null)
                {
                    ToleranceAssert.AreClose(exact, sum, i => unit * Math.Abs(exact[i]), width, context + " (sum)");
                    exact = [.. sum.Select(value => (double)value)];
                }

                double[] reference = RmsNormReference.Compute(exact, weight, width, Epsilon);
                double relative = unit + (width + 8) * ActivationError.Of(DType.F32);
                ToleranceAssert.AreClose(
                    reference, output, i => relative * Math.Abs(reference[i]) + 1e-30, width, context);
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.All), typeof(DeviceMatrix))]
    public void A_row_has_the_bits_that_it_has_alone(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        foreach ((int groups, int width) in ((int, int)[])[(1, 288), (1, 33), (6, 16)])
        {
            int row = groups * width;
            float[] input = TestData.Floats(100 * row, 4);
            float[] residual = TestData.Floats(100 * row, 5);
            float[] weight = TestData.Floats(width, 6);
            RowInvariance.Assert(100, row, $"{name} groups={groups} width={width}", rows => Run(
                device, TestData.Rows(input, row, rows), TestData.Rows(residual, row, rows), weight, rows.Count, groups,
                width, Numerics.Invariant).Output);
        }
    }

    [TestMethod]
    public void Every_cpu_gives_the_same_bits()
    {
        foreach (int width in (int[])[1, 15, 16, 17, 288, 1021])
        {
            float[] input = TestData.Floats(9 * width, 7);
            float[] residual = TestData.Floats(9 * width, 8);
            float[] weight = TestData.Floats(width, 9);
            DeviceMatrix.AssertSameBitsOnEveryCpu(
                width, device => Run(device, input, residual, weight, 9, 1, width, Numerics.Invariant).Output);
        }
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.Isas), typeof(DeviceMatrix))]
    public void The_output_may_be_the_input_itself(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        const int rows = 5, width = 77;
        float[] input = TestData.Floats(rows * width, 10);
        float[] weight = TestData.Floats(width, 11);
        float[] expected = Run(device, input, null, weight, rows, 1, width, Numerics.Invariant).Output;
        NativeBuffer both = device.Activations(input);
        Operators.RmsNorm(device.Stream, new RmsNormArguments
        {
            Rows = rows,
            Width = width,
            Numerics = Numerics.Invariant,
            Epsilon = Epsilon,
            Input = both,
            Weight = device.Upload(weight),
            Output = both,
        });
        BitAssert.AreEqual(expected, device.ReadActivations(both, expected.Length), width, name);
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.Isas), typeof(DeviceMatrix))]
    public void A_row_of_zeros_stays_zero(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        float[] output = Run(device, new float[24], null, TestData.Floats(24, 1), 1, 1, 24, Numerics.Invariant).Output;
        Assert.IsTrue(output.All(value => value == 0));
    }

    private static (float[] Output, float[]? Sum) Run(
        TestDevice device, float[] input, float[]? residual, float[] weight, int rows, int groups, int width,
        Numerics numerics)
    {
        using NativeBuffer inputs = device.Activations(input);
        using NativeBuffer? sums = residual is null ? null : device.Activations(residual);
        using NativeBuffer weights = device.Upload(weight);
        using NativeBuffer output = device.EmptyActivations(input.Length);
        Operators.RmsNorm(device.Stream, new RmsNormArguments
        {
            Rows = rows,
            Groups = groups,
            Width = width,
            Numerics = numerics,
            Epsilon = Epsilon,
            Input = inputs,
            Residual = sums,
            Weight = weights,
            Output = output,
        });
        return (
            device.ReadActivations(output, input.Length),
            sums is null ? null : device.ReadActivations(sums, input.Length));
    }
}
