using Llm42.Native.Arguments;
using Llm42.Native.Tests.Comparison;
using Llm42.Native.Tests.Devices;

namespace Llm42.Native.Tests.OperatorTests;

[TestClass]
public sealed class MoeCombineTests
{
    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.All), typeof(DeviceMatrix))]
    public void Is_the_definition_bit_for_bit(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        foreach (int width in (int[])[1, 15, 16, 17, 64, 1001])
        {
            foreach (int topK in (int[])[1, 2, 9])
            {
                foreach (bool residual in (bool[])[false, true])
                {
                    Check(device, rows: 5, topK, width, residual, inPlace: false);
                }

                Check(device, rows: 5, topK, width, residual: true, inPlace: true);
            }
        }
    }

    private static void Check(TestDevice device, int rows, int topK, int width, bool residual, bool inPlace)
    {
        int inputStride = width + 3, residualStride = width + (inPlace ? 5 : 1), outputStride = width + 5;
        float[] weights = TestData.Floats(rows * topK, width);
        float[] input = device.AsActivations(TestData.Floats(rows * topK * inputStride, width + 1));
        float[] added = device.AsActivations(TestData.Floats(rows * residualStride, width + 2));
        float[] before = inPlace ? added : device.AsActivations(TestData.Floats(rows * outputStride, width + 3));
        NativeBuffer output = device.Activations(before);
        Operators.MoeCombine(device.Stream, new MoeCombineArguments
        {
            Rows = rows,
            TopK = topK,
            Width = width,
            ExpertWeights = device.Upload(weights),
            Input = device.Activations(input),
            InputStride = inputStride,
            Residual = !residual ? default(BufferView) : inPlace ? output : device.Activations(added),
            ResidualStride = residualStride,
            Output = output,
            OutputStride = outputStride,
        });

        float[] expected = [.. before];
        for (int r = 0; r < rows; ++r)
        {
            for (int i = 0; i < width; ++i)
            {
                float sum = 0;
                for (int j = 0; j < topK; ++j)
                {
                    sum = MathF.FusedMultiplyAdd(weights[r * topK + j], input[(r * topK + j) * inputStride + i], sum);
                }

                expected[r * outputStride + i] = residual ? added[r * residualStride + i] + sum : sum;
            }
        }

        BitAssert.AreEqual(
            device.AsActivations(expected), device.ReadActivations(output, expected.Length), outputStride,
            $"{device.Name} top_k={topK} width={width} residual={residual} in place={inPlace}");
    }
}
