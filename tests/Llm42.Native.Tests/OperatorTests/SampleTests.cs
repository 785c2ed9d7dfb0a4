using Llm42.Native.Tests.Comparison;
using Llm42.Native.Tests.Devices;
using Llm42.Native.Tests.References;
using Llm42.Testing;

namespace Llm42.Native.Tests.OperatorTests;

[TestClass]
public sealed class SampleTests
{
    [OperatorTestMethod]
    [DynamicData(nameof(DeviceMatrix.All), typeof(DeviceMatrix))]
    public void Equal_logits_show_the_noise_itself(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        ulong[] seeds = [0, 1, ulong.MaxValue, 0x0123456789abcdef];
        long[] positions = [0, 1, 77, uint.MaxValue, 1L << 40, long.MaxValue];
        SamplingRow[] rows = [.. seeds.SelectMany(seed => positions.Select(position => SampleRun.Random(seed, position)))];
        foreach (int vocabulary in (int[])[1, 2, 3, 4, 5, 13, 37])
        {
            Compare(device, new float[rows.Length * vocabulary], vocabulary, rows);
        }
    }

    [OperatorTestMethod]
    [DynamicData(nameof(DeviceMatrix.All), typeof(DeviceMatrix))]
    public void Agrees_with_the_reference_for_every_mix_of_rules(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        foreach (int vocabulary in (int[])[1, 2, 5, 16, 33, 300, 1027])
        {
            List<SamplingRow> rows = [];
            foreach (float temperature in (float[])[0, 0.01f, 0.7f, 1, 3, 100])
            {
                foreach (int topK in (int[])[0, 1, 5, 40, 5000])
                {
                    foreach (float topP in (float[])[1, 0.9f, 0.3f, 1e-6f])
                    {
                        foreach (float minP in (float[])[0, 0.07f, 1])
                        {
                            rows.Add(new SamplingRow
                            {
                                Temperature = temperature,
                                TopK = topK,
                                TopP = topP,
                                MinP = minP,
                                Seed = (ulong)rows.Count * 77,
                                Position = rows.Count,
                            });
                        }
                    }
                }
            }

            Compare(device, TestData.Floats(rows.Count * vocabulary, vocabulary, 5), vocabulary, [.. rows]);
        }
    }

    [OperatorTestMethod]
    [DynamicData(nameof(DeviceMatrix.Isas), typeof(DeviceMatrix))]
    public void Agrees_with_the_reference_on_a_large_vocabulary(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        const int vocabulary = 50257;
        SamplingRow[] rows =
        [
            SampleRun.Greedy(), SampleRun.Random(1, 5), SampleRun.Random(2, 6, 0.5f), SampleRun.Random(3, 7) with { TopK = 50 },
            SampleRun.Random(4, 8) with { TopP = 0.9f }, SampleRun.Random(5, 9) with { MinP = 0.1f },
            SampleRun.Random(6, 10, 0.7f) with { TopK = 1000, TopP = 0.95f, MinP = 0.01f },
            SampleRun.Random(7, 11, 2) with { TopK = 49999 },
        ];

        // top_p over a flat distribution has no certain edge in fp32: these logits have a few likely tokens.
        float[] logits = TestData.Floats(rows.Length * vocabulary, 3, 2);
        foreach (int place in TestData.Integers(rows.Length * 30, logits.Length, 4))
        {
            logits[place] += 12 + 3 * logits[place];
        }

        Compare(device, logits, vocabulary, rows, leastCertain: rows.Length / 2);
    }

    [OperatorTestMethod]
    [DynamicData(nameof(DeviceMatrix.All), typeof(DeviceMatrix))]
    public void A_row_chooses_what_it_chooses_alone(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        const int vocabulary = 131;
        float[] logits = TestData.Floats(100 * vocabulary, 1, 3);
        SamplingRow[] all = [.. Enumerable.Range(0, 100).Select(Mixed)];
        RowInvariance.Assert(100, 2, name, rows =>
        {
            (int[] ids, float[] margins) = SampleRun.Run(
                device, TestData.Rows(logits, vocabulary, rows), vocabulary, [.. rows.Select(r => all[r])]);
            return [.. ids.Zip(margins, (id, margin) => (float[])[id, margin]).SelectMany(pair => pair)];
        });
    }

    [TestMethod]
    public void Every_cpu_gives_the_same_bits()
    {
        foreach (int vocabulary in (int[])[3, 17, 1027])
        {
            float[] logits = TestData.Floats(60 * vocabulary, 2, 4);
            SamplingRow[] rows = [.. Enumerable.Range(0, 60).Select(Mixed)];
            DeviceMatrix.AssertSameBitsOnEveryCpu(2, device =>
            {
                (int[] ids, float[] margins) = SampleRun.Run(device, logits, vocabulary, rows);
                return [.. ids.Zip(margins, (id, margin) => (float[])[id, margin]).SelectMany(pair => pair)];
            });
        }
    }

    [OperatorTestMethod]
    [DynamicData(nameof(DeviceMatrix.All), typeof(DeviceMatrix))]
    public void Greedy_ties_go_to_the_lower_id(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        foreach (int vocabulary in (int[])[2, 16, 17, 100])
        {
            for (int first = 0; first < vocabulary - 1; ++first)
            {
                float[] logits = new float[vocabulary];
                logits[first] = 2;
                logits[vocabulary - 1] = 2;
                (int[] ids, float[] margins) = SampleRun.Run(device, logits, vocabulary, [SampleRun.Greedy()]);
                Assert.AreEqual(first, ids[0], $"{name} V={vocabulary}");
                Assert.AreEqual(0f, margins[0], $"{name} V={vocabulary}");
            }
        }
    }

    [OperatorTestMethod]
    [DynamicData(nameof(DeviceMatrix.All), typeof(DeviceMatrix))]
    public void Ties_at_the_edge_of_top_k_keep_the_lower_ids(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        const int vocabulary = 50;
        SamplingRow[] rows = [.. Enumerable.Range(0, 400).Select(i => SampleRun.Random(7, i) with { TopK = 3 })];
        int[] ids = SampleRun.Run(device, new float[rows.Length * vocabulary], vocabulary, rows).Ids;
        CollectionAssert.AreEqual((int[])[0, 1, 2], ids.Distinct().Order().ToArray(), name);
    }

    [OperatorTestMethod]
    [DynamicData(nameof(DeviceMatrix.Isas), typeof(DeviceMatrix))]
    public void What_is_not_a_number_is_never_chosen(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        float nan = float.NaN;
        float none = float.NegativeInfinity;
        float[] logits =
        [
            nan, nan, nan, nan,
            none, none, none, none,
            nan, -5, none, nan,
            nan, 1, 2, none,
        ];
        SamplingRow[] rules =
        [
            SampleRun.Greedy(), SampleRun.Random(3, 0), SampleRun.Random(3, 1) with { TopK = 3 },
            SampleRun.Random(3, 2) with { TopP = 0.999f }, SampleRun.Random(3, 3) with { MinP = 1e-6f },
            SampleRun.Random(3, 4, 0.5f) with { TopK = 2, TopP = 0.9f, MinP = 0.01f },
        ];
        foreach (SamplingRow rule in rules)
        {
            string context = $"{name} temperature {rule.Temperature} top-k {rule.TopK} top-p {rule.TopP} min-p {rule.MinP}";
            (int[] ids, float[] margins) = SampleRun.Run(device, logits, 4, [rule, rule, rule, rule]);
            CollectionAssert.AreEqual((int[])[0, 0, 1], ids[..3], context);
            Assert.AreEqual(float.PositiveInfinity, margins[2], context);
            Assert.IsTrue(ids[3] is 1 or 2, $"{context} chose {ids[3]}");
        }
    }

    [OperatorTestMethod]
    [DynamicData(nameof(DeviceMatrix.Isas), typeof(DeviceMatrix))]
    public void An_infinite_logit_chooses_some_token_of_the_vocabulary(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        float[] logits = TestData.Floats(20, 1);
        logits[7] = float.PositiveInfinity;
        logits[9] = float.PositiveInfinity;
        foreach (SamplingRow rule in (SamplingRow[])[
            SampleRun.Greedy(), SampleRun.Random(1, 1), SampleRun.Random(1, 1) with { TopK = 5 },
            SampleRun.Random(1, 1) with { TopP = 0.5f }, SampleRun.Random(1, 1) with { MinP = 0.5f }])
        {
            int id = SampleRun.Run(device, logits, 20, [rule]).Ids[0];
            Assert.IsTrue(id is >= 0 and < 20, $"{name} {rule.TopK} {rule.TopP} {rule.MinP} chose {id}");
        }
    }

    [OperatorTestMethod]
    [DynamicData(nameof(DeviceMatrix.Isas), typeof(DeviceMatrix))]
    public void Tokens_come_as_often_as_they_are_likely(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        int draws = name == CudaDevices.Emulated ? 1500 : 40000; // what the emulator does in some seconds
        float[] logits = [0, 1, 2, -1, 0.5f];
        double[] likely = [.. LogSoftmaxReference.Compute(logits).Select(Math.Exp)];
        SamplingRow[] rows = [.. Enumerable.Range(0, draws).Select(i => SampleRun.Random((ulong)i * 31, i / 3))];
        int[] ids = SampleRun.Run(
            device, [.. Enumerable.Repeat(logits, draws).SelectMany(row => row)], logits.Length, rows).Ids;
        double chiSquare = 0;
        for (int id = 0; id < logits.Length; ++id)
        {
            double expected = likely[id] * draws;
            double difference = ids.Count(chosen => chosen == id) - expected;
            chiSquare += difference * difference / expected;
        }

        // 4 degrees of freedom: beyond 23.5 with probability 1e-4. The draws are fixed, so this cannot flicker.
        Assert.IsLessThan(23.5, chiSquare, name);
    }

    [OperatorTestMethod]
    [DynamicData(nameof(DeviceMatrix.Isas), typeof(DeviceMatrix))]
    public void Seed_and_position_both_change_the_choice(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        const int vocabulary = 1000;
        SamplingRow[] rows =
        [
            SampleRun.Random(1, 1), SampleRun.Random(2, 1), SampleRun.Random(1, 2), SampleRun.Random(1UL << 32, 1),
            SampleRun.Random(1, 1L << 32), SampleRun.Random(1, 1),
        ];
        int[] ids = SampleRun.Run(device, new float[rows.Length * vocabulary], vocabulary, rows).Ids;
        Assert.AreEqual(ids[0], ids[5]);
        Assert.HasCount(5, ids[..5].Distinct().ToArray(), $"{name}: {string.Join(' ', ids)}");
    }

    [OperatorTestMethod]
    [DynamicData(nameof(DeviceMatrix.Isas), typeof(DeviceMatrix))]
    public void A_stride_skips_what_lies_between_the_rows(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        float[] logits = [1, 5, 2, 99, 99, 7, 5, 2];
        CollectionAssert.AreEqual(
            (int[])[1, 0], SampleRun.Run(device, logits, 3, [SampleRun.Greedy(), SampleRun.Greedy()], stride: 5).Ids);
    }

    private static SamplingRow Mixed(int i) => new()
    {
        Temperature = i % 4 * 0.4f,
        TopK = i % 3 * 9,
        TopP = i % 5 == 0 ? 0.8f : 1,
        MinP = i % 7 == 0 ? 0.05f : 0,
        Seed = (ulong)i,
        Position = 1000 - i,
    };

    // What fp32 rounding may decide either way is left out; it must be a small part.
    private static void Compare(
        TestDevice device, float[] logits, int vocabulary, SamplingRow[] rows, int? leastCertain = null)
    {
        (int[] ids, float[] margins) = SampleRun.Run(device, logits, vocabulary, rows);
        int certain = 0;
        for (int r = 0; r < rows.Length; ++r)
        {
            SamplerReference expected = SamplerReference.Choose(logits.AsSpan(r * vocabulary, vocabulary), rows[r]);
            if (!expected.IsCertain)
            {
                continue;
            }

            certain++;
            string context =
                $"{device.Name} V={vocabulary} row {r}: temperature {rows[r].Temperature} top-k {rows[r].TopK} top-p " +
                $"{rows[r].TopP} min-p {rows[r].MinP} seed {rows[r].Seed} position {rows[r].Position}";
            Assert.AreEqual(expected.Token, ids[r], context);
            if (double.IsPositiveInfinity(expected.Margin))
            {
                Assert.AreEqual(float.PositiveInfinity, margins[r], context);
            }
            else
            {
                double scale = rows[r].Temperature == 0 ? 1 : Math.Max(1, 5 / rows[r].Temperature);
                Assert.AreEqual(expected.Margin, margins[r], 1e-5 * scale, context);
            }
        }

        Assert.IsGreaterThan(leastCertain ?? rows.Length * 8 / 10, certain, $"{device.Name} V={vocabulary}: too few certain rows");
    }
}
