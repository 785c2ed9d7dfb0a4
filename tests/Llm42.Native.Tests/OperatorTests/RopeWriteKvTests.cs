using Llm42.Native.Arguments;
using Llm42.Native.Tests.Comparison;
using Llm42.Native.Tests.Devices;
using Llm42.Native.Tests.References;

namespace Llm42.Native.Tests.OperatorTests;

[TestClass]
public sealed class RopeWriteKvTests
{
    private const int Positions = 64;

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.All), typeof(DeviceMatrix))]
    public void Rotated_queries_agree_with_the_reference(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        foreach ((int headSize, int rotarySize) in ((int, int)[])[(8, 8), (16, 16), (64, 64), (80, 32), (96, 96), (128, 128), (20, 6), (16, 0)])
        {
            RopeRun run = new(device, queryHeads: 4, kvHeads: 2, headSize, rotarySize, DType.F32);
            int[] positions = TestData.Permutation(Positions, 1)[..33];
            float[] actual = run.Queries(positions);
            for (int r = 0; r < positions.Length; ++r)
            {
                for (int h = 0; h < 4; ++h)
                {
                    double[] expected = RopeReference.Rotate(
                        device.AsActivations(run.Head(positions[r], h)), rotarySize, positions[r], run.Table);
                    double unit = ActivationError.Of(device.Info.ActivationType);
                    ToleranceAssert.AreClose(
                        expected, actual.AsSpan((r * 4 + h) * headSize, headSize), _ => 8 * unit, headSize,
                        $"{name} head size {headSize} rotary {rotarySize} position {positions[r]} head {h}");
                }
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.All), typeof(DeviceMatrix))]
    public void A_row_has_the_bits_that_it_has_alone(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        RopeRun run = new(device, queryHeads: 3, kvHeads: 1, 24, 20, DType.Bf16);
        RowInvariance.Assert(Positions, 3 * 24, name, run.Queries);
    }

    [TestMethod]
    public void Every_cpu_gives_the_same_bits()
    {
        foreach (int rotarySize in (int[])[6, 32, 64])
        {
            DeviceMatrix.AssertSameBitsOnEveryCpu(
                2 * 64,
                device => new RopeRun(device, 2, 2, 64, rotarySize, DType.F32).Queries([.. Enumerable.Range(0, Positions)]));
        }
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.All), typeof(DeviceMatrix))]
    public void Values_arrive_in_their_slots_rounded_once(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        foreach (DType cacheType in (DType[])[DType.F32, DType.Bf16])
        {
            RopeRun run = new(device, queryHeads: 2, kvHeads: 2, 16, 16, cacheType);
            int[] positions = [.. Enumerable.Range(0, Positions)];
            run.Queries(positions);

            // A window of one position sees its own value alone: the softmax of one score is exactly 1.
            float[] actual = run.AttendToThemselves(positions);
            float[] expected = [.. positions.SelectMany(p =>
                Elements.Round(device.AsActivations([.. run.Head(p, 4), .. run.Head(p, 5)]), cacheType))];
            BitAssert.AreEqual(device.AsActivations(expected), actual, 32, $"{name} {cacheType}");
        }
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.All), typeof(DeviceMatrix))]
    public void Rotated_keys_reach_the_scores(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        RopeRun run = new(device, queryHeads: 2, kvHeads: 1, 32, 32, DType.F32);
        int[] positions = [.. Enumerable.Range(0, Positions)];
        float[] queries = run.Queries(positions);
        float[] actual = run.Attend(queries, positions, window: 0);
        for (int p = 0; p < Positions; ++p)
        {
            for (int h = 0; h < 2; ++h)
            {
                double[] expected = run.Expected(queries.AsSpan((p * 2 + h) * 32, 32), p);
                ToleranceAssert.AreClose(
                    expected, actual.AsSpan((p * 2 + h) * 32, 32),
                    _ => 2e-5 + 8 * ActivationError.Of(device.Info.ActivationType), 32, $"{name} position {p} head {h}");
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.Isas), typeof(DeviceMatrix))]
    public void A_slot_of_minus_one_writes_nothing(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        RopeRun run = new(device, queryHeads: 2, kvHeads: 2, 16, 16, DType.F32);
        int[] positions = [.. Enumerable.Range(0, Positions)];
        run.Queries(positions);
        float[] before = run.AttendToThemselves(positions);

        float[] rotated = run.Queries([5, 6, 7], slots: [-1, -1, -1], shift: 11);
        Assert.IsTrue(rotated.All(float.IsFinite));
        BitAssert.AreEqual(before, run.AttendToThemselves(positions), 32, name);
    }
}
