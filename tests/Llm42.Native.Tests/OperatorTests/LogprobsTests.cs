using Llm42.Native.Arguments;
using Llm42.Native.Tests.Comparison;
using Llm42.Native.Tests.Devices;
using Llm42.Native.Tests.References;

namespace Llm42.Native.Tests.OperatorTests;

[TestClass]
public sealed class LogprobsTests
{
    private static readonly int[] Vocabularies = [1, 2, 7, 15, 16, 17, 100, 513, 4099];

    [OperatorTestMethod]
    [DynamicData(nameof(DeviceMatrix.All), typeof(DeviceMatrix))]
    public void Log_softmax_agrees_with_the_reference(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        foreach (int vocabulary in Vocabularies)
        {
            foreach (float scale in (float[])[1e-3f, 1, 30, 1e4f])
            {
                float[] logits = TestData.Floats(3 * vocabulary, 1, scale);
                float[] actual = LogSoftmax(device, logits, 3, vocabulary);
                for (int r = 0; r < 3; ++r)
                {
                    double[] expected = LogSoftmaxReference.Compute(logits.AsSpan(r * vocabulary, vocabulary));
                    ToleranceAssert.AreClose(
                        expected, actual.AsSpan(r * vocabulary, vocabulary),
                        i => 4e-6 + 3e-7 * (Math.Abs(expected[i]) + scale), vocabulary, $"{name} V={vocabulary} scale={scale} row {r}");
                }
            }
        }
    }

    [OperatorTestMethod]
    [DynamicData(nameof(DeviceMatrix.All), typeof(DeviceMatrix))]
    public void A_row_has_the_bits_that_it_has_alone(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        foreach (int vocabulary in (int[])[17, 257])
        {
            float[] logits = TestData.Floats(100 * vocabulary, 2, 8);
            RowInvariance.Assert(100, vocabulary, $"{name} V={vocabulary}", rows => LogSoftmax(
                device, TestData.Rows(logits, vocabulary, rows), rows.Count, vocabulary));
        }
    }

    [TestMethod]
    public void Every_cpu_gives_the_same_bits()
    {
        foreach (int vocabulary in Vocabularies)
        {
            float[] logits = TestData.Floats(5 * vocabulary, 3, 12);
            DeviceMatrix.AssertSameBitsOnEveryCpu(vocabulary, device => LogSoftmax(device, logits, 5, vocabulary));
        }
    }

    [OperatorTestMethod]
    [DynamicData(nameof(DeviceMatrix.All), typeof(DeviceMatrix))]
    public void Top_logprobs_are_those_of_log_softmax_bit_for_bit(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        foreach (int vocabulary in Vocabularies)
        {
            const int rows = 6;
            int count = Math.Min(vocabulary, 20);

            // Coarse values, so that there are ties.
            float[] logits = [.. TestData.Integers(rows * vocabulary, 9, vocabulary).Select(value => value * 0.37f)];
            int[] chosen = TestData.Integers(rows, vocabulary, 4);
            float[] all = LogSoftmax(device, logits, rows, vocabulary);
            NativeBuffer chosenLogprobs = device.Bytes(4 * rows);
            NativeBuffer topIds = device.Bytes(4 * rows * count);
            NativeBuffer topLogprobs = device.Bytes(4 * rows * count);
            Operators.TopLogprobs(device.Stream, new TopLogprobsArguments
            {
                Rows = rows,
                Vocabulary = vocabulary,
                Count = count,
                Logits = device.Upload(logits),
                ChosenIds = device.Upload(chosen),
                ChosenLogprobs = chosenLogprobs,
                TopIds = topIds,
                TopLogprobs = topLogprobs,
            });

            int[] ids = device.Read<int>(topIds, rows * count);
            float[] values = device.Read<float>(topLogprobs, rows * count);
            float[] ofChosen = device.Read<float>(chosenLogprobs, rows);
            for (int r = 0; r < rows; ++r)
            {
                string context = $"{name} V={vocabulary} row {r}";
                int row = r;
                int[] order = [.. Enumerable.Range(0, vocabulary)
                    .OrderByDescending(id => all[row * vocabulary + id]).ThenBy(id => id).Take(count)];
                CollectionAssert.AreEqual(order, ids[(r * count)..((r + 1) * count)], context);
                BitAssert.AreEqual(
                    order.Select(id => all[row * vocabulary + id]).ToArray(), values.AsSpan(r * count, count), count, context);
                BitAssert.AreEqual([all[r * vocabulary + chosen[r]]], ofChosen.AsSpan(r, 1), 1, context + " chosen");
            }
        }
    }

    [OperatorTestMethod]
    [DynamicData(nameof(DeviceMatrix.Isas), typeof(DeviceMatrix))]
    public void A_logit_of_minus_infinity_gives_minus_infinity(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        float[] logits = [1, float.NegativeInfinity, 2, float.NegativeInfinity];
        float[] actual = LogSoftmax(device, logits, 1, 4);
        Assert.AreEqual(float.NegativeInfinity, actual[1]);
        Assert.AreEqual(float.NegativeInfinity, actual[3]);
        Assert.AreEqual(-1.3132617, actual[0], 1e-5);
        Assert.AreEqual(-0.3132617, actual[2], 1e-5);
    }

    [OperatorTestMethod]
    [DynamicData(nameof(DeviceMatrix.Isas), typeof(DeviceMatrix))]
    public void Log_softmax_may_overwrite_its_logits(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        float[] logits = TestData.Floats(4 * 37, 8, 5);
        float[] expected = LogSoftmax(device, logits, 4, 37);
        NativeBuffer both = device.Upload(logits);
        Operators.LogSoftmax(
            device.Stream, new LogSoftmaxArguments { Rows = 4, Vocabulary = 37, Logits = both, Output = both });
        BitAssert.AreEqual(expected, device.Read<float>(both, expected.Length), 37, name);
    }

    private static float[] LogSoftmax(TestDevice device, float[] logits, int rows, int vocabulary)
    {
        using NativeBuffer input = device.Upload(logits);
        using NativeBuffer output = device.Bytes(4L * logits.Length);
        Operators.LogSoftmax(device.Stream, new LogSoftmaxArguments
        {
            Rows = rows,
            Vocabulary = vocabulary,
            Logits = input,
            Output = output,
        });
        return device.Read<float>(output, logits.Length);
    }
}
