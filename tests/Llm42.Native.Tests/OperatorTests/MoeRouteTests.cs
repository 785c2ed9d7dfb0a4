using Llm42.Native.Arguments;
using Llm42.Native.Tests.Comparison;
using Llm42.Native.Tests.Devices;
using Llm42.Native.Tests.References;

namespace Llm42.Native.Tests.OperatorTests;

[TestClass]
public sealed class MoeRouteTests
{
    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.Isas), typeof(DeviceMatrix))]
    public void Agrees_with_the_reference(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        foreach ((int experts, int topK) in ((int, int)[])[(1, 1), (8, 2), (33, 33), (60, 4), (128, 8), (257, 64), (1024, 32)])
        {
            foreach (bool renormalize in (bool[])[false, true])
            {
                const int rows = 9;
                float[] logits = TestData.Floats(rows * experts, experts, scale: 5);
                (int[] ids, float[] weights) = Run(device, logits, rows, experts, topK, renormalize);
                for (int r = 0; r < rows; ++r)
                {
                    string context = $"{name} experts={experts} top_k={topK} renormalize={renormalize} row {r}";
                    (int[] expectedIds, double[] expected) =
                        MoeReference.Route(logits.AsSpan(r * experts, experts), topK, renormalize);
                    CollectionAssert.AreEqual(expectedIds, ids[(r * topK)..((r + 1) * topK)], context);

                    // A sum of 16 or 32 chains and a tree over them, exp within 2 ulp of a rounded difference below 10.
                    ToleranceAssert.AreClose(
                        expected, weights.AsSpan(r * topK, topK), i => (experts / 16.0 + 100) * Math.ScaleB(1, -24) * expected[i],
                        topK, context);
                }
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.All), typeof(DeviceMatrix))]
    public void A_row_has_the_bits_that_it_has_alone(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        foreach ((int experts, int topK) in ((int, int)[])[(8, 2), (61, 6), (300, 9)])
        {
            float[] logits = TestData.Floats(100 * experts, experts, scale: 3);
            foreach (bool renormalize in (bool[])[false, true])
            {
                RowInvariance.Assert(100, 2 * topK, $"{name} experts={experts} top_k={topK}", rows =>
                {
                    (int[] ids, float[] weights) =
                        Run(device, TestData.Rows(logits, experts, rows), rows.Count, experts, topK, renormalize);
                    return [.. Enumerable.Range(0, rows.Count).SelectMany(
                        r => ids[(r * topK)..((r + 1) * topK)].Select(id => (float)id).Concat(weights[(r * topK)..((r + 1) * topK)]))];
                });
            }
        }
    }

    [TestMethod]
    public void Every_cpu_gives_the_same_bits()
    {
        float[] logits = TestData.Floats(20 * 70, 6, scale: 4);
        DeviceMatrix.AssertSameBitsOnEveryCpu(8, device => Run(device, logits, 20, 70, 8, renormalize: true).Weights);
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.Isas), typeof(DeviceMatrix))]
    public void Ties_go_to_the_lower_expert(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        float[] logits = [1, 3, 2, 3, 3, 1, -0f, 0f, 5, 5, 5, 5, 5, 5, 5, 5];
        (int[] ids, float[] weights) = Run(device, logits, 2, 8, 8, renormalize: false);
        CollectionAssert.AreEqual((int[])[1, 3, 4, 2, 0, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7], ids);
        for (int j = 8; j < 16; ++j)
        {
            Assert.AreEqual(0.125f, weights[j]);
        }
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.Isas), typeof(DeviceMatrix))]
    public void What_is_not_finite_stays_in_its_row_and_names_experts_that_are_there(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        const int experts = 20, topK = 4;
        float[] logits = TestData.Floats(6 * experts, 3);
        (int[] ids, float[] weights) clean = Run(device, logits, 6, experts, topK, renormalize: true);
        logits[1 * experts + 7] = float.NaN;
        Array.Fill(logits, float.NaN, 2 * experts, experts);
        Array.Fill(logits, float.NegativeInfinity, 3 * experts, experts);
        logits[4 * experts + 19] = float.PositiveInfinity;
        (int[] ids, float[] weights) = Run(device, logits, 6, experts, topK, renormalize: true);
        foreach (int row in (int[])[0, 5])
        {
            CollectionAssert.AreEqual(clean.ids[(row * topK)..((row + 1) * topK)], ids[(row * topK)..((row + 1) * topK)]);
            BitAssert.AreEqual(clean.weights.AsSpan(row * topK, topK), weights.AsSpan(row * topK, topK), topK, $"{name} row {row}");
        }

        Assert.IsTrue(weights[topK..(5 * topK)].All(float.IsNaN), $"{name}: {string.Join(' ', weights)}");
        Assert.DoesNotContain(7, ids[topK..(2 * topK)]);
        CollectionAssert.AreEqual((int[])[0, 1, 2, 3], ids[(2 * topK)..(3 * topK)]);
        CollectionAssert.AreEqual((int[])[0, 1, 2, 3], ids[(3 * topK)..(4 * topK)]);
        Assert.AreEqual(19, ids[4 * topK]);
    }

    private static (int[] Ids, float[] Weights) Run(
        TestDevice device, float[] logits, int rows, int experts, int topK, bool renormalize)
    {
        // A gap of NaN behind every row, which nothing may read.
        int stride = experts + 3;
        float[] spread = Enumerable.Repeat(float.NaN, rows * stride).ToArray();
        for (int r = 0; r < rows; ++r)
        {
            Array.Copy(logits, r * experts, spread, r * stride, experts);
        }

        using NativeBuffer source = device.Upload(spread);
        using NativeBuffer ids = device.Upload(Enumerable.Repeat(-7, rows * topK).ToArray());
        using NativeBuffer weights = device.Upload(Enumerable.Repeat(-7f, rows * topK).ToArray());
        Operators.MoeRoute(device.Stream, new MoeRouteArguments
        {
            Rows = rows,
            Experts = experts,
            TopK = topK,
            Renormalize = renormalize,
            Logits = source,
            LogitsStride = stride,
            ExpertIds = ids,
            ExpertWeights = weights,
        });
        return (device.Read<int>(ids, rows * topK), device.Read<float>(weights, rows * topK));
    }
}
