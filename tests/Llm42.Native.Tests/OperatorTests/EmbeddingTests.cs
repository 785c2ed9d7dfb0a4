using Llm42.Native.Arguments;
using Llm42.Native.Tests.Comparison;
using Llm42.Native.Tests.Devices;

namespace Llm42.Native.Tests.OperatorTests;

[TestClass]
public sealed class EmbeddingTests
{
    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.All), typeof(DeviceMatrix))]
    public void Embedding_copies_the_rows_of_the_table(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        foreach (DType type in (DType[])[DType.F32, DType.F16, DType.Bf16])
        {
            foreach ((int vocabulary, int width) in ((int, int)[])[(1, 1), (7, 3), (50, 33), (129, 64)])
            {
                float[] table = Elements.Round(TestData.Floats(vocabulary * width, 1), type);
                NativeWeight weight = device.Weight(table, vocabulary, width, type);
                foreach (int rows in (int[])[1, 2, 33])
                {
                    int[] ids = TestData.Integers(rows, vocabulary, rows);
                    NativeBuffer output = device.EmptyActivations(rows * width);
                    Operators.Embedding(device.Stream, new EmbeddingArguments
                    {
                        Rows = rows,
                        Table = weight,
                        Ids = device.Upload(ids),
                        Output = output,
                    });
                    BitAssert.AreEqual(
                        device.AsActivations(TestData.Rows(table, width, ids)),
                        device.ReadActivations(output, rows * width), width, $"{name} {type} {vocabulary}x{width}");
                }
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.All), typeof(DeviceMatrix))]
    public void Gather_copies_the_rows_of_its_input(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        foreach ((int inputRows, int width) in ((int, int)[])[(1, 1), (5, 3), (40, 65)])
        {
            float[] input = device.AsActivations(TestData.Floats(inputRows * width, 1));
            int[] indices = TestData.Integers(19, inputRows, 2);
            NativeBuffer output = device.EmptyActivations(indices.Length * width);
            Operators.GatherRows(device.Stream, new GatherRowsArguments
            {
                Rows = indices.Length,
                InputRows = inputRows,
                Width = width,
                Indices = device.Upload(indices),
                Input = device.Activations(input),
                Output = output,
            });
            BitAssert.AreEqual(
                TestData.Rows(input, width, indices), device.ReadActivations(output, indices.Length * width), width,
                $"{name} {inputRows}x{width}");
        }
    }
}
