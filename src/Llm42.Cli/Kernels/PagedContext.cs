using Llm42.Native;
using Llm42.Native.Arguments;

namespace Llm42.Cli.Kernels;

/// <summary>A KV cache of one layer that is written throughout, its pages in no order, and block tables over it.</summary>
internal sealed class PagedContext : IDisposable
{
    private const int RowsPerWrite = 1024;

    private readonly int _tableBytes;
    private readonly NativeBuffer _tables;

    /// <param name="device">Where.</param>
    /// <param name="shape">Sequences, context and heads.</param>
    public PagedContext(KernelDevice device, KernelShape shape)
    {
        int pageSize = KernelCatalogue.PageSize;
        int sequences = shape.Sequences!.Value;
        Blocks = (shape.Context!.Value + pageSize - 1) / pageSize;
        int pagesEach = sequences * Blocks;
        long bytesEach = (long)pagesEach * pageSize * 2 * shape.KvHeads!.Value * shape.HeadSize!.Value * sizeof(ushort);
        Copies = device.CopiesOf(bytesEach);
        int pages = pagesEach * Copies;
        Cache = device.Cache(new NativeKvCacheOptions
        {
            ElementType = DType.Bf16,
            Layers = 1,
            KvHeads = shape.KvHeads.Value,
            HeadSize = shape.HeadSize.Value,
            PageSize = pageSize,
            Pages = pages,
        });
        try
        {
            int[] tables = [.. Enumerable.Range(0, pages)];
            new Random(42).Shuffle(tables);
            _tables = device.Upload<int>(tables);
            _tableBytes = pagesEach * sizeof(int);
            Write(device, shape, pages * pageSize);
        }
        catch
        {
            _tables?.Dispose();
            Cache.Dispose();
            throw;
        }
    }

    public NativeKvCache Cache { get; }

    /// <summary>Columns of a block table.</summary>
    public int Blocks { get; }

    /// <summary>How many sets of pages there are.</summary>
    public int Copies { get; }

    /// <summary>The block tables of a launch.</summary>
    public BufferView Tables(int launch) => _tables.At((long)(launch % Copies) * _tableBytes);

    public void Dispose()
    {
        _tables.Dispose();
        Cache.Dispose();
    }

    private void Write(KernelDevice device, KernelShape shape, int slots)
    {
        int width = (shape.QueryHeads!.Value + (2 * shape.KvHeads!.Value)) * shape.HeadSize!.Value;
        using NativeBuffer qkv = device.Noise((long)RowsPerWrite * width, device.ActivationSize);
        using NativeBuffer positions = device.Room(RowsPerWrite * sizeof(int));
        using NativeBuffer angles = device.Room(sizeof(float));
        using NativeBuffer numbers = device.Upload<int>([.. Enumerable.Range(0, slots)]);
        for (int first = 0; first < slots; first += RowsPerWrite)
        {
            Operators.RopeWriteKv(device.Stream, new RopeWriteKvArguments
            {
                Rows = Math.Min(RowsPerWrite, slots - first),
                QueryHeads = shape.QueryHeads.Value,
                RotarySize = 0,
                TablePositions = 1,
                Layer = 0,
                Cache = Cache,
                Qkv = qkv,
                Positions = positions,
                Slots = numbers.At((long)first * sizeof(int)),
                Table = angles,
            });
        }

        device.Stream.Synchronize();
    }
}
