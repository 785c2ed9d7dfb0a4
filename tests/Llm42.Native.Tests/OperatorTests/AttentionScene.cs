using Llm42.Native.Arguments;
using Llm42.Native.Tests.Devices;

namespace Llm42.Native.Tests.OperatorTests;

/// <summary>
/// Sequences in a paged cache on a device. Keys, values and queries are functions of (sequence, position) alone, pages
/// are dealt out in a shuffled order, and every slot that holds nothing is poisoned with NaN.
/// </summary>
internal sealed class AttentionScene
{
    private const int Layers = 2;
    private const int Layer = 1;

    private readonly TestDevice _device;
    private readonly AttentionShape _shape;
    private readonly int[][] _pages;

    /// <param name="device">Where.</param>
    /// <param name="shape">Heads, cache, window.</param>
    /// <param name="lengths">Positions written, per sequence.</param>
    /// <param name="pageSeed">Order of the pages.</param>
    public AttentionScene(TestDevice device, AttentionShape shape, int[] lengths, int pageSeed = 1)
    {
        (_device, _shape) = (device, shape);
        int needed = lengths.Sum(length => Blocks(length));
        int pages = needed + 3;
        int[] order = TestData.Permutation(pages, pageSeed);
        _pages = new int[lengths.Length][];
        int next = 0;
        for (int s = 0; s < lengths.Length; ++s)
        {
            _pages[s] = order[next..(next + Blocks(lengths[s]))];
            next += Blocks(lengths[s]);
        }

        Cache = device.Own(NativeKvCache.Create(device.Device, new NativeKvCacheOptions
        {
            ElementType = device.CacheType(shape.CacheType),
            Layers = Layers,
            KvHeads = shape.KvHeads,
            HeadSize = shape.HeadSize,
            PageSize = shape.PageSize,
            Pages = pages,
        }));
        Poison(pages * shape.PageSize);
        for (int s = 0; s < lengths.Length; ++s)
        {
            Write(s, 0, lengths[s]);
        }
    }

    public NativeKvCache Cache { get; }

    /// <summary>The pages of a sequence; a test may exchange them.</summary>
    public int[] Pages(int sequence) => _pages[sequence];

    public static float[] Query(AttentionShape shape, AttentionRow row) =>
        TestData.Floats(shape.Width, Seed(row, 0), 2);

    public static float[] Key(AttentionShape shape, AttentionRow row) =>
        TestData.Floats(shape.KvHeads * shape.HeadSize, Seed(row, 1), 2);

    public static float[] Value(AttentionShape shape, AttentionRow row) =>
        TestData.Floats(shape.KvHeads * shape.HeadSize, Seed(row, 2));

    /// <summary>Writes keys and values of some positions of a sequence.</summary>
    public void Write(int sequence, int first, int count)
    {
        float[] values = new float[count * RowSize];
        int[] slots = new int[count];
        for (int i = 0; i < count; ++i)
        {
            AttentionRow row = new(sequence, first + i);
            Key(_shape, row).CopyTo(values, i * RowSize + _shape.Width);
            Value(_shape, row).CopyTo(values, i * RowSize + _shape.Width + _shape.KvHeads * _shape.HeadSize);
            slots[i] = Slot(row);
        }

        WriteSlots(values, slots);
    }

    /// <summary>Fills the slots of a sequence from a position on with NaN, as far as its pages reach.</summary>
    public void PoisonFrom(int sequence, int first)
    {
        int count = _pages[sequence].Length * _shape.PageSize - first;
        float[] values = new float[count * RowSize];
        Array.Fill(values, float.NaN);
        WriteSlots(values, [.. Enumerable.Range(first, count).Select(p => Slot(new(sequence, p)))]);
    }

    /// <summary>Attention of rows in one call; rows of a sequence that follow each other form one segment.</summary>
    public float[] Run(IReadOnlyList<AttentionRow> rows, Numerics numerics = Numerics.Invariant)
    {
        List<int> starts = [];
        List<int[]> tables = [];
        for (int r = 0; r < rows.Count; ++r)
        {
            if (r == 0 || rows[r].Sequence != rows[r - 1].Sequence)
            {
                starts.Add(r);
                tables.Add(_pages[rows[r].Sequence]);
            }
        }

        starts.Add(rows.Count);
        int maxBlocks = Math.Max(1, tables.Max(table => table.Length)) + 1;
        int[] blockTables = new int[tables.Count * maxBlocks];
        Array.Fill(blockTables, int.MinValue);
        for (int s = 0; s < tables.Count; ++s)
        {
            tables[s].CopyTo(blockTables, s * maxBlocks);
        }

        float[] query = [.. rows.SelectMany(row => Query(_shape, row))];
        using NativeBuffer queries = _device.Activations(query);
        using NativeBuffer startBuffer = _device.Upload(starts.ToArray());
        using NativeBuffer positions = _device.Upload(rows.Select(row => row.Position).ToArray());
        using NativeBuffer tableBuffer = _device.Upload(blockTables);
        using NativeBuffer output = _device.EmptyActivations(query.Length);
        Operators.Attention(_device.Stream, new AttentionArguments
        {
            Rows = rows.Count,
            Sequences = tables.Count,
            QueryHeads = _shape.QueryHeads,
            Layer = Layer,
            Numerics = numerics,
            MaxBlocks = maxBlocks,
            Window = _shape.Window,
            Scale = _shape.Scale,
            Cache = Cache,
            Query = queries,
            SequenceStarts = startBuffer,
            Positions = positions,
            BlockTables = tableBuffer,
            Output = output,
        });
        return _device.ReadActivations(output, query.Length);
    }

    private int RowSize => _shape.Width + 2 * _shape.KvHeads * _shape.HeadSize;

    private static int Seed(AttentionRow row, int kind) => (row.Sequence * 100003 + row.Position) * 3 + kind;

    private int Blocks(int length) => (length + _shape.PageSize - 1) / _shape.PageSize;

    private int Slot(AttentionRow row) =>
        _pages[row.Sequence][row.Position / _shape.PageSize] * _shape.PageSize + row.Position % _shape.PageSize;

    private void Poison(int slots)
    {
        float[] values = new float[slots * RowSize];
        Array.Fill(values, float.NaN);
        int[] all = [.. Enumerable.Range(0, slots)];
        WriteSlots(values, all);
        WriteSlots(values, all, layer: 0);
    }

    private void WriteSlots(float[] values, int[] slots, int layer = Layer)
    {
        if (slots.Length == 0)
        {
            return;
        }

        using NativeBuffer qkv = _device.Activations(values);
        using NativeBuffer positions = _device.Upload(new int[slots.Length]);
        using NativeBuffer slotBuffer = _device.Upload(slots);
        using NativeBuffer table = _device.Upload(new float[4]);
        Operators.RopeWriteKv(_device.Stream, new RopeWriteKvArguments
        {
            Rows = slots.Length,
            QueryHeads = _shape.QueryHeads,
            RotarySize = 0,
            TablePositions = 1,
            Layer = layer,
            Cache = Cache,
            Qkv = qkv,
            Positions = positions,
            Slots = slotBuffer,
            Table = table,
        });
        _device.Stream.Synchronize();
    }
}
