using Llm42.Native.Tests.Comparison;
using Llm42.Native.Tests.Devices;

namespace Llm42.Native.Tests.OperatorTests;

[TestClass]
public sealed class AttentionInvarianceTests
{
    // Positions around pages and around the splits at 256 and 512.
    private static readonly int[] Lengths = [1, 30, 257, 300, 530];

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.All), typeof(DeviceMatrix))]
    public void A_ragged_batch_has_the_bits_of_its_rows_alone(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        foreach (AttentionShape shape in Shapes())
        {
            AttentionScene scene = new(device, shape, Lengths);
            AttentionRow[][] batches =
            [
                [new(4, 529), new(0, 0), new(2, 256), new(3, 100), new(1, 29)],
                [.. Segment(3, 200, 100), new(4, 512), .. Segment(1, 13, 17), new(0, 0)],
                [.. Segment(2, 250, 7), .. Segment(4, 505, 16), .. Segment(3, 283, 17)],
                [.. Segment(1, 0, 30)],
            ];
            foreach (AttentionRow[] batch in batches)
            {
                BitAssert.AreEqual(Alone(scene, batch), scene.Run(batch), shape.Width, $"{name} {shape}");
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.All), typeof(DeviceMatrix))]
    public void Chunks_of_any_size_give_the_same_bits(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        AttentionShape shape = new() { HeadSize = 16, QueryHeads = 6, CacheType = DType.Bf16 };
        AttentionScene scene = new(device, shape, [530]);
        float[] whole = scene.Run([.. Segment(0, 0, 530)]);
        foreach (int chunk in (int[])[7, 64, 100, 255, 257])
        {
            List<float> parts = [];
            for (int first = 0; first < 530; first += chunk)
            {
                parts.AddRange(scene.Run([.. Segment(0, first, Math.Min(chunk, 530 - first))]));
            }

            BitAssert.AreEqual(whole, parts.ToArray(), shape.Width, $"{name} chunks of {chunk}");
        }
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.All), typeof(DeviceMatrix))]
    public void Page_size_and_page_order_do_not_matter(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        AttentionRow[] rows = [new(0, 0), .. Segment(1, 10, 20), new(4, 529), .. Segment(3, 240, 33)];
        foreach (DType cacheType in (DType[])[DType.F32, DType.Bf16])
        {
            foreach (int window in (int[])[0, 50])
            {
                float[]? expected = null;
                foreach (int pageSize in (int[])[8, 16, 64, 512])
                {
                    AttentionShape shape = new() { PageSize = pageSize, CacheType = cacheType, Window = window };
                    float[] actual = new AttentionScene(device, shape, Lengths, pageSeed: pageSize).Run(rows);
                    expected ??= actual;
                    BitAssert.AreEqual(expected, actual, shape.Width, $"{name} {shape}");
                }
            }
        }
    }

    [TestMethod]
    public void Every_cpu_gives_the_same_bits()
    {
        foreach (AttentionShape shape in Shapes())
        {
            DeviceMatrix.AssertSameBitsOnEveryCpu(
                shape.Width,
                device => new AttentionScene(device, shape, Lengths).Run(
                    [new(4, 529), .. Segment(3, 250, 13), new(0, 0), .. Segment(1, 0, 30)]));
        }
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.All), typeof(DeviceMatrix))]
    public void Stale_and_unwritten_slots_do_not_leak(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        foreach (AttentionShape shape in Shapes())
        {
            // All slots behind the last position of each sequence hold NaN from the start.
            AttentionScene scene = new(device, shape, Lengths);
            AttentionRow[] rows = [new(0, 0), new(1, 29), new(2, 256), new(3, 299), new(4, 529)];
            float[] before = scene.Run(rows);
            Assert.IsTrue(before.All(float.IsFinite), $"{name} {shape}: an unwritten slot leaked");

            // What later positions hold must not matter to earlier ones.
            AttentionRow[] early = [new(3, 37), .. Segment(4, 250, 5)];
            float[] full = scene.Run(early);
            scene.PoisonFrom(3, 38);
            scene.PoisonFrom(4, 255);
            BitAssert.AreEqual(full, scene.Run(early), shape.Width, $"{name} {shape}: a later slot leaked");

            // Rolled back and written again: as if nothing had happened.
            scene.Write(3, 38, 300 - 38);
            scene.Write(4, 255, 530 - 255);
            BitAssert.AreEqual(before, scene.Run(rows), shape.Width, $"{name} {shape}: after writing again");
        }
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.All), typeof(DeviceMatrix))]
    public void Positions_before_the_window_do_not_leak(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        AttentionShape shape = new() { Window = 20, PageSize = 8 };
        AttentionScene scene = new(device, shape, [300]);
        AttentionRow[] rows = [.. Segment(0, 270, 30)];
        float[] before = scene.Run(rows);

        scene.PoisonFrom(0, 0);
        scene.Write(0, 251, 49);
        BitAssert.AreEqual(before, scene.Run(rows), shape.Width, name);
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.All), typeof(DeviceMatrix))]
    public void What_is_not_finite_in_a_later_row_of_the_batch_does_not_leak(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        foreach (AttentionShape shape in Shapes())
        {
            AttentionScene scene = new(device, shape, [300]);
            float[] expected = scene.Run([.. Segment(0, 240, 30)]);

            // Keys and values of 270.. are NaN, and rows of the same batch see them.
            scene.PoisonFrom(0, 270);
            float[] actual = scene.Run([.. Segment(0, 240, 60)]);
            BitAssert.AreEqual(expected, actual.AsSpan(0, expected.Length), shape.Width, $"{name} {shape}");
            Assert.IsTrue(actual.AsSpan(expected.Length).ToArray().All(float.IsNaN), $"{name} {shape}: rows that see a NaN");
        }
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.All), typeof(DeviceMatrix))]
    public void A_copied_page_reads_like_its_source(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        foreach (DType cacheType in (DType[])[DType.F32, DType.Bf16])
        {
            AttentionShape shape = new() { CacheType = cacheType };
            AttentionScene scene = new(device, shape, [100, 16]);
            AttentionRow[] rows = [new(0, 99), .. Segment(0, 30, 4)];
            float[] expected = scene.Run(rows);

            int old = scene.Pages(0)[2];
            scene.Cache.CopyPage(device.Stream, old, scene.Pages(1)[0]);
            scene.Pages(0)[2] = scene.Pages(1)[0];
            BitAssert.AreEqual(expected, scene.Run(rows), shape.Width, $"{name} {cacheType}");
        }
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.Isas), typeof(DeviceMatrix))]
    public void The_comparison_sees_a_single_changed_key(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        AttentionShape shape = new();
        AttentionScene scene = new(device, shape, [100, 100]);
        float[] before = scene.Run([new(0, 99)]);

        // Position 50 of sequence 0 gets the page, and so the keys, of sequence 1.
        scene.Pages(0)[3] = scene.Pages(1)[3];
        BitAssert.AreNotEqual(before, scene.Run([new(0, 99)]), name);
    }

    private static AttentionShape[] Shapes() =>
    [
        new(),
        new() { HeadSize = 80, QueryHeads = 3, KvHeads = 1, CacheType = DType.Bf16, PageSize = 8 },
        new() { HeadSize = 128, QueryHeads = 8, KvHeads = 1, PageSize = 64 },
        new() { HeadSize = 8, QueryHeads = 4, KvHeads = 4, Window = 40 },
        new() { HeadSize = 96, QueryHeads = 2, KvHeads = 2, CacheType = DType.Bf16, Window = 270 },
    ];

    private static float[] Alone(AttentionScene scene, AttentionRow[] rows) =>
        [.. rows.SelectMany(row => scene.Run([row]))];

    private static IEnumerable<AttentionRow> Segment(int sequence, int first, int count) =>
        Enumerable.Range(first, count).Select(position => new AttentionRow(sequence, position));
}
