using Llm42.Native.Arguments;
using Llm42.Native.Tests.Comparison;
using Llm42.Native.Tests.Devices;
using Llm42.Native.Tests.References;

namespace Llm42.Native.Tests.OperatorTests;

/// <summary>Bias and penalties, row by row.</summary>
[TestClass]
public sealed class LogitAdjustmentTests
{
    private static readonly float[] Temperatures = [0, 0.7f, 2];

    [OperatorTestMethod]
    [DynamicData(nameof(DeviceMatrix.All), typeof(DeviceMatrix))]
    public void Agrees_with_the_reference(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        foreach (int vocabulary in (int[])[1, 2, 15, 16, 17, 300, 1027])
        {
            SamplingRow[] rows = [.. Enumerable.Range(0, 60).Select(Rule)];
            LogitAdjustment[][] adjustments = [.. Enumerable.Range(0, rows.Length).Select(r => Random(r, vocabulary))];
            float[] logits = TestData.Floats(rows.Length * vocabulary, vocabulary, 5);
            (int[] ids, float[] margins) = SampleRun.Run(device, logits, vocabulary, rows, adjustments: adjustments);
            int certain = 0, changed = 0;
            for (int r = 0; r < rows.Length; ++r)
            {
                float[] row = logits[(r * vocabulary)..((r + 1) * vocabulary)];
                SamplerReference expected = SamplerReference.Choose(Adjusted(row, adjustments[r]), rows[r]);
                if (!expected.IsCertain)
                {
                    continue;
                }

                certain++;
                string context = $"{name} V={vocabulary} row {r}";
                Assert.AreEqual(expected.Token, ids[r], context);
                if (!double.IsPositiveInfinity(expected.Margin))
                {
                    double scale = rows[r].Temperature == 0 ? 1 : Math.Max(1, 5 / rows[r].Temperature);
                    Assert.AreEqual(expected.Margin, margins[r], 2e-5 * scale, context);
                }

                changed += SamplerReference.Choose(row, rows[r]).Token == expected.Token ? 0 : 1;
            }

            Assert.IsGreaterThan(rows.Length * 8 / 10, certain, $"{name} V={vocabulary}: too few certain rows");
            if (vocabulary > 15)
            {
                Assert.IsGreaterThan(10, changed, $"{name} V={vocabulary}: the adjustments change too little to prove anything");
            }
        }
    }

    [OperatorTestMethod]
    [DynamicData(nameof(DeviceMatrix.All), typeof(DeviceMatrix))]
    public void A_row_chooses_what_it_chooses_alone_among_rows_with_and_without(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        const int vocabulary = 131;
        float[] logits = TestData.Floats(100 * vocabulary, 1, 3);
        LogitAdjustment[][] all = [.. Enumerable.Range(0, 100).Select(r => r % 3 == 0 ? [] : Random(r, vocabulary))];
        RowInvariance.Assert(100, 2, name, rows => Flat(SampleRun.Run(
            device,
            TestData.Rows(logits, vocabulary, rows),
            vocabulary,
            [.. rows.Select(Rule)],
            adjustments: rows.Count == 1 && all[rows[0]].Length == 0 ? null : [.. rows.Select(r => all[r])])));
    }

    [TestMethod]
    public void Every_cpu_gives_the_same_bits()
    {
        foreach (int vocabulary in (int[])[3, 17, 1027])
        {
            float[] logits = TestData.Floats(60 * vocabulary, 2, 4);
            LogitAdjustment[][] adjustments = [.. Enumerable.Range(0, 60).Select(r => Random(r, vocabulary))];
            DeviceMatrix.AssertSameBitsOnEveryCpu(2, device => Flat(SampleRun.Run(
                device, logits, vocabulary, [.. Enumerable.Range(0, 60).Select(Rule)], adjustments: adjustments)));
        }
    }

    [OperatorTestMethod]
    [DynamicData(nameof(DeviceMatrix.Isas), typeof(DeviceMatrix))]
    public void Adjustments_that_change_nothing_change_no_bit(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        const int vocabulary = 37;
        float[] logits = TestData.Floats(30 * vocabulary, 4, 3);
        SamplingRow[] rows = [.. Enumerable.Range(0, 30).Select(Rule)];
        LogitAdjustment[] neutral =
            [.. Enumerable.Range(0, vocabulary).Select(id => new LogitAdjustment { TokenId = id, Repetition = 1 })];
        float[] plain = Flat(SampleRun.Run(device, logits, vocabulary, rows));
        float[] adjusted = Flat(SampleRun.Run(
            device, logits, vocabulary, rows, adjustments: [.. Enumerable.Repeat(neutral, 30)]));
        BitAssert.AreEqual(plain, adjusted, 2, name);
        BitAssert.AreEqual(
            plain, Flat(SampleRun.Run(device, logits, vocabulary, rows, adjustments: [.. Enumerable.Repeat<LogitAdjustment[]>([], 30)])), 2, name);
    }

    [OperatorTestMethod]
    [DynamicData(nameof(DeviceMatrix.Isas), typeof(DeviceMatrix))]
    public void The_logits_stay_as_they_are(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        const int vocabulary = 19;
        float[] logits = TestData.Floats(4 * vocabulary, 9);
        NativeBuffer buffer = device.Upload(logits);
        Operators.Sample(device.Stream, new SampleArguments
        {
            Rows = 4,
            Vocabulary = vocabulary,
            Logits = buffer,
            Sampling = device.Upload<SamplingRow>([.. Enumerable.Range(0, 4).Select(Rule)]),
            Ids = device.Bytes(16),
            AdjustmentStarts = device.Upload<int>([0, 0, 1, 1, 2]),
            Adjustments = device.Upload<LogitAdjustment>([Of(3, 5), Of(18, -5, 2, 1)]),
            AdjustmentCount = 2,
        });
        BitAssert.AreEqual(logits, device.Read<float>(buffer, logits.Length), vocabulary, name);
    }

    [OperatorTestMethod]
    [DynamicData(nameof(DeviceMatrix.Isas), typeof(DeviceMatrix))]
    public void Odd_logits_stay_odd(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        float nan = float.NaN, none = float.NegativeInfinity;
        int Choose(float[] logits, params LogitAdjustment[] adjustments) => SampleRun.Run(
            device, logits, logits.Length, [SampleRun.Greedy()], adjustments: [adjustments]).Ids[0];

        Assert.AreEqual(2, Choose([nan, none, -5], Of(0, 100, 0.5f, -9), Of(1, 100, 0.5f, -9)), name);
        Assert.AreEqual(1, Choose([1, 0, -1], Of(0, -100)), name);
        Assert.AreEqual(2, Choose([1, 0, -1], Of(2, 100)), name);
        Assert.AreEqual(0, Choose([nan, nan], Of(1, 1)), name);
        Assert.AreEqual(1, Choose([2, 1.5f, 0], Of(0, 0, 2)), name);
        Assert.AreEqual(1, Choose([-1, -1.5f, -9], Of(0, 0, 2)), name);
        Assert.AreEqual(1, Choose([2, 1.5f, 0], Of(0, 0, 1, 0.75f)), name);
        // Bias before repetition: (-1 + 2) / 2 = 0.5; the other way round it would be -2 + 2 = 0.
        Assert.AreEqual(0, Choose([-1, 0.25f], Of(0, 2, 2)), name);
        // A result beyond float's range is kept apart from nothing at all.
        Assert.AreEqual(0, Choose([3e38f, 1], Of(0, 3e38f)), name);
    }

    private static SamplingRow Rule(int i) => new()
    {
        Temperature = Temperatures[i % 3],
        TopK = i % 5 == 0 ? 7 : 0,
        TopP = i % 7 == 0 ? 0.8f : 1,
        MinP = i % 4 == 0 ? 0.05f : 0,
        Seed = (ulong)i,
        Position = 1000 - i,
    };

    private static LogitAdjustment Of(int id, float bias, float repetition = 1, float penalty = 0) =>
        new() { TokenId = id, Bias = bias, Repetition = repetition, Penalty = penalty };

    /// <summary>Up to all tokens of the vocabulary, the last one among them.</summary>
    private static LogitAdjustment[] Random(int seed, int vocabulary)
    {
        float[] values = TestData.Floats(3 * vocabulary, seed + 100);
        int every = 1 + (seed % 4);
        return [.. Enumerable.Range(0, vocabulary)
            .Where(id => (vocabulary - 1 - id) % every == 0)
            .Select(id => Of(id, values[3 * id] * 4, 1.1f + values[(3 * id) + 1], values[(3 * id) + 2] * 2))];
    }

    private static float[] Adjusted(float[] logits, LogitAdjustment[] adjustments)
    {
        float[] adjusted = [.. logits];
        foreach (LogitAdjustment a in adjustments)
        {
            float biased = logits[a.TokenId] + a.Bias;
            adjusted[a.TokenId] = (biased > 0 ? biased / a.Repetition : biased * a.Repetition) - a.Penalty;
        }

        return adjusted;
    }

    private static float[] Flat((int[] Ids, float[] Margins) result) =>
        [.. result.Ids.Zip(result.Margins, (id, margin) => (float[])[id, margin]).SelectMany(pair => pair)];
}
