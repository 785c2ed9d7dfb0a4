using Llm42.Native.Tests.Comparison;
using Llm42.Native.Tests.Devices;
using Llm42.Native.Tests.References;

namespace Llm42.Native.Tests.OperatorTests;

[TestClass]
public sealed class AttentionParityTests
{
    // A decode row, a chunk and a verify window, some across the split at 256.
    private static readonly AttentionRow[] Rows =
    [
        new(0, 0), .. Segment(1, 5, 9), .. Segment(2, 250, 12), new(3, 519), .. Segment(0, 40, 3),
    ];

    private static readonly int[] Lengths = [43, 14, 262, 520];

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.All), typeof(DeviceMatrix))]
    public void Agrees_with_the_reference_for_every_head_size(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        foreach (int headSize in (int[])[8, 16, 32, 64, 80, 96, 128])
        {
            foreach (DType cacheType in (DType[])[DType.F32, DType.Bf16])
            {
                Check(device, new AttentionShape { HeadSize = headSize, CacheType = cacheType }, Numerics.Invariant);
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.All), typeof(DeviceMatrix))]
    public void Agrees_with_the_reference_for_every_grouping_of_heads(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        foreach ((int queryHeads, int kvHeads) in ((int, int)[])[(1, 1), (2, 2), (4, 2), (6, 2), (3, 1), (4, 1), (8, 1), (16, 2)])
        {
            foreach (Numerics numerics in Enum.GetValues<Numerics>())
            {
                Check(device, new AttentionShape { QueryHeads = queryHeads, KvHeads = kvHeads, HeadSize = 16 }, numerics);
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.All), typeof(DeviceMatrix))]
    public void Agrees_with_the_reference_for_every_page_size_and_window(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        foreach (int pageSize in (int[])[8, 16, 64, 1024])
        {
            foreach (int window in (int[])[0, 1, 2, 7, 100, 256, 300])
            {
                Check(
                    device, new AttentionShape { HeadSize = 16, QueryHeads = 2, PageSize = pageSize, Window = window },
                    Numerics.Invariant);
            }
        }
    }

    private static void Check(TestDevice device, AttentionShape shape, Numerics numerics)
    {
        AttentionScene scene = new(device, shape, Lengths);
        float[] actual = scene.Run(Rows, numerics);
        DType type = device.Info.ActivationType;
        double unit = ActivationError.Of(type);
        for (int r = 0; r < Rows.Length; ++r)
        {
            double[] expected = AttentionReference.Compute(shape, Rows[r], type);
            ToleranceAssert.AreClose(
                expected, actual.AsSpan(r * shape.Width, shape.Width),
                i => 2e-5 + 4 * unit * (1 + Math.Abs(expected[i])), shape.HeadSize,
                $"{device.Name} {shape} {numerics} {Rows[r]}, [head, element]");
        }
    }

    private static IEnumerable<AttentionRow> Segment(int sequence, int first, int count) =>
        Enumerable.Range(first, count).Select(position => new AttentionRow(sequence, position));
}
