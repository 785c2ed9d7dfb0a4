using Llm42.Native.Tests.Devices;

namespace Llm42.Native.Tests.BadArguments;

/// <summary>Bad arguments of the cache and of what reads and writes it.</summary>
[TestClass]
public sealed unsafe class CacheArgumentTests
{
    private const int Rows = 8;
    private const int QueryHeads = 4;
    private const int KvHeads = 2;
    private const int HeadSize = 16;
    private const int Pages = 5;
    private const int PageSize = 8;

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.OnePerBackend), typeof(DeviceMatrix))]
    public void Kv_cache(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        KvCacheParams good = new()
        {
            StructSize = (uint)sizeof(KvCacheParams),
            DType = DType.Bf16,
            Layers = 2,
            KvHeads = KvHeads,
            HeadSize = HeadSize,
            PageSize = PageSize,
            Pages = Pages,
        };
        OpaqueDevice* handle = device.Device.Handle.Pointer;
        new Refusals<KvCacheParams>(good, p => Create(handle, p))
            .Add("dtype", "4", (ref KvCacheParams p) => p.DType = DType.I32)
            .Add("dtype", "77", (ref KvCacheParams p) => p.DType = (DType)77)
            .Add("layers", "0", (ref KvCacheParams p) => p.Layers = 0)
            .Add("layers", "4097", (ref KvCacheParams p) => p.Layers = 4097)
            .Add("kv_heads", "0", (ref KvCacheParams p) => p.KvHeads = 0)
            .Add("kv_heads", "1025", (ref KvCacheParams p) => p.KvHeads = 1025)
            .Add("head_size", "-8", (ref KvCacheParams p) => p.HeadSize = -8)
            .Add("head_size", "1025", (ref KvCacheParams p) => p.HeadSize = 1025)
            .Add("page_size", "4", (ref KvCacheParams p) => p.PageSize = 4)
            .Add("page_size", "12", (ref KvCacheParams p) => p.PageSize = 12)
            .Add("page_size", "2048", (ref KvCacheParams p) => p.PageSize = 2048)
            .Add("pages", "0", (ref KvCacheParams p) => p.Pages = 0)
            .Add("pages", "268435456", (ref KvCacheParams p) => p.Pages = 1 << 28)
            .Check();
        Assert.AreEqual(Status.InvalidArgument, NativeMethods.KvCacheCreate(handle, &good, null));

        NativeKvCache cache = Cache(device);
        foreach ((int source, int destination, string word) in ((int, int, string)[])[
            (-1, 0, "-1"), (Pages, 0, "5"), (0, -1, "-1"), (0, Pages, "5")])
        {
            NativeException failure =
                Assert.ThrowsExactly<NativeException>(() => cache.CopyPage(device.Stream, source, destination));
            Assert.AreEqual(Status.InvalidArgument, failure.Status);
            Assert.Contains(source == 0 ? "destination" : "source", failure.Message);
            Assert.Contains(word, failure.Message);
        }

        cache.CopyPage(device.Stream, 0, 0);
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.OnePerBackend), typeof(DeviceMatrix))]
    public void Rope_write_kv(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        using TestDevice other = TestDevice.Open(name);
        RawViews views = new(device);
        View foreign = new RawViews(other).Activations(4096);
        int[] first = [.. Enumerable.Range(0, Rows)];
        RopeWriteKvParams good = new()
        {
            StructSize = (uint)sizeof(RopeWriteKvParams),
            Rows = Rows,
            QueryHeads = QueryHeads,
            RotarySize = HeadSize,
            TablePositions = 32,
            Layer = 1,
            Cache = Cache(device).Pointer,
            Qkv = views.Activations(Rows * (QueryHeads + 2 * KvHeads) * HeadSize),
            Positions = views.Values(first),
            Slots = views.Values(first),
            Table = views.Values(new float[32 * HeadSize]),
        };
        OpaqueKvCache* foreignCache = Cache(other).Pointer;
        Refusals<RopeWriteKvParams> refusals = new(good, p => device.Finish(NativeMethods.RopeWriteKv(device.Stream.Pointer, p)));
        refusals
            .Add("rows", "-1", (ref RopeWriteKvParams p) => p.Rows = -1)
            .AddNoWork((ref RopeWriteKvParams p) => p = new() { StructSize = p.StructSize, Cache = p.Cache, QueryHeads = p.QueryHeads, TablePositions = 1, RotarySize = p.RotarySize })
            .Add("query_heads", "0", (ref RopeWriteKvParams p) => p.QueryHeads = 0)
            .Add("query_heads", "3", (ref RopeWriteKvParams p) => p.QueryHeads = 3)
            .Add("rotary_size", "3", (ref RopeWriteKvParams p) => p.RotarySize = 3)
            .Add("rotary_size", "-2", (ref RopeWriteKvParams p) => p.RotarySize = -2)
            .Add("rotary_size", "18", (ref RopeWriteKvParams p) => p.RotarySize = 18)
            .Add("table_positions", "0", (ref RopeWriteKvParams p) => p.TablePositions = 0)
            .Add("layer", "-1", (ref RopeWriteKvParams p) => p.Layer = -1)
            .Add("layer", "2", (ref RopeWriteKvParams p) => p.Layer = 2)
            .Add("cache", "NULL", (ref RopeWriteKvParams p) => p.Cache = null)
            .Add("cache", "device", (ref RopeWriteKvParams p) => p.Cache = foreignCache)
            .AddView("qkv", foreign, (ref RopeWriteKvParams p) => ref p.Qkv)
            .AddView("positions", foreign, (ref RopeWriteKvParams p) => ref p.Positions)
            .AddView("slots", foreign, (ref RopeWriteKvParams p) => ref p.Slots)
            .AddView("table", foreign, (ref RopeWriteKvParams p) => ref p.Table)
            .AddStride("qkv_stride", (ref RopeWriteKvParams p) => p.QkvStride = 1, (ref RopeWriteKvParams p) => p.QkvStride = -64);
        foreach (int bad in (int[])[-1, 32, int.MaxValue, int.MinValue])
        {
            View view = views.Values(With(first, 6, bad));
            refusals.Add(Status.InvalidArgument, ["positions", $"{bad}", "6"], (ref RopeWriteKvParams p) => p.Positions = view);
        }

        foreach (int bad in (int[])[-2, Pages * PageSize, int.MaxValue, int.MinValue])
        {
            View view = views.Values(With(first, 6, bad));
            refusals.Add(Status.InvalidArgument, ["slots", $"{bad}", "6"], (ref RopeWriteKvParams p) => p.Slots = view);
        }

        refusals.Check();
    }

    [TestMethod]
    [DynamicData(nameof(DeviceMatrix.OnePerBackend), typeof(DeviceMatrix))]
    public void Attention(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        using TestDevice other = TestDevice.Open(name);
        RawViews views = new(device);
        View foreign = new RawViews(other).Activations(4096);
        int[] starts = [0, 1, 2, 3, 4, 5, 6, 7, 8];
        int[] positions = [0, 1, 2, 3, 4, 5, 6, 15];
        int[] tables = [.. Enumerable.Repeat(1, Rows * 2)];
        AttentionParams good = new()
        {
            StructSize = (uint)sizeof(AttentionParams),
            Rows = Rows,
            Sequences = Rows,
            QueryHeads = QueryHeads,
            Layer = 1,
            Numerics = Numerics.Invariant,
            MaxBlocks = 2,
            Scale = 0.25f,
            Cache = Cache(device).Pointer,
            Query = views.Activations(Rows * QueryHeads * HeadSize),
            SequenceStarts = views.Values(starts),
            Positions = views.Values(positions),
            BlockTables = views.Values(tables),
            Output = views.Activations(Rows * QueryHeads * HeadSize),
        };
        OpaqueKvCache* foreignCache = Cache(other).Pointer;
        Refusals<AttentionParams> refusals = new(good, p => device.Finish(NativeMethods.Attention(device.Stream.Pointer, p)));
        refusals
            .Add("rows", "-1", (ref AttentionParams p) => p.Rows = -1)
            .AddNoWork((ref AttentionParams p) => p = new() { StructSize = p.StructSize, Cache = p.Cache, QueryHeads = p.QueryHeads, MaxBlocks = 1, Scale = 1, Sequences = 0 })
            .Add("sequences", "-1", (ref AttentionParams p) => p.Sequences = -1)
            .Add("query_heads", "0", (ref AttentionParams p) => p.QueryHeads = 0)
            .Add("query_heads", "5", (ref AttentionParams p) => p.QueryHeads = 5)
            .Add("layer", "-1", (ref AttentionParams p) => p.Layer = -1)
            .Add("layer", "2", (ref AttentionParams p) => p.Layer = 2)
            .Add("numerics", "2", (ref AttentionParams p) => p.Numerics = (Numerics)2)
            .Add("max_blocks", "0", (ref AttentionParams p) => p.MaxBlocks = 0)
            .Add("window", "-1", (ref AttentionParams p) => p.Window = -1)
            .Add("scale", "nan", (ref AttentionParams p) => p.Scale = float.NaN)
            .Add("scale", "inf", (ref AttentionParams p) => p.Scale = float.PositiveInfinity)
            .Add("reserved", "1", (ref AttentionParams p) => p.Reserved = 1)
            .Add("cache", "NULL", (ref AttentionParams p) => p.Cache = null)
            .Add("cache", "device", (ref AttentionParams p) => p.Cache = foreignCache)
            .AddView("query", foreign, (ref AttentionParams p) => ref p.Query)
            .AddView("sequence_starts", foreign, (ref AttentionParams p) => ref p.SequenceStarts)
            .AddView("positions", foreign, (ref AttentionParams p) => ref p.Positions)
            .AddView("block_tables", foreign, (ref AttentionParams p) => ref p.BlockTables)
            .AddView("output", foreign, (ref AttentionParams p) => ref p.Output)
            .Add("output", "query", (ref AttentionParams p) => p.Query = p.Output)
            .AddStride("query_stride", (ref AttentionParams p) => p.QueryStride = 1, (ref AttentionParams p) => p.QueryStride = -64)
            .AddStride("output_stride", (ref AttentionParams p) => p.OutputStride = 1, (ref AttentionParams p) => p.OutputStride = -64);
        foreach ((int index, int bad) in ((int, int)[])[(0, 1), (3, -1), (3, 7), (8, 7), (8, 9)])
        {
            View view = views.Values(With(starts, index, bad));
            refusals.Add("sequence_starts", $"{bad}", (ref AttentionParams p) => p.SequenceStarts = view);
        }

        foreach (int bad in (int[])[-1, 16, int.MaxValue, int.MinValue])
        {
            View view = views.Values(With(positions, 5, bad));
            refusals.Add(Status.InvalidArgument, ["positions", $"{bad}", "5"], (ref AttentionParams p) => p.Positions = view);
        }

        foreach (int bad in (int[])[-1, Pages, int.MinValue])
        {
            View view = views.Values(With(tables, 15, bad));
            refusals.Add("block_tables", $"{bad}", (ref AttentionParams p) => p.BlockTables = view);
        }

        refusals.Check();
    }

    private static NativeKvCache Cache(TestDevice device) => device.Own(NativeKvCache.Create(
        device.Device,
        new NativeKvCacheOptions
        {
            ElementType = device.CacheType(DType.F32),
            Layers = 2,
            KvHeads = KvHeads,
            HeadSize = HeadSize,
            PageSize = PageSize,
            Pages = Pages,
        }));

    private static Status Create(OpaqueDevice* device, KvCacheParams* parameters)
    {
        OpaqueKvCache* cache;
        Status status = NativeMethods.KvCacheCreate(device, parameters, &cache);
        if (status == Status.Ok)
        {
            NativeMethods.KvCacheDestroy(cache);
        }

        return status;
    }

    private static int[] With(int[] values, int index, int value)
    {
        int[] changed = [.. values];
        changed[index] = value;
        return changed;
    }
}
