using Llm42.Native;
using Llm42.Native.Arguments;

namespace Llm42.Cli.Kernels.Works;

/// <summary>Attention: the last rows of every sequence, equally many of each.</summary>
internal sealed class AttentionWork : KernelWork
{
    private AttentionArguments _arguments;
    private NativeStream _stream = null!;
    private PagedContext _context = null!;

    public override int Copies => _context.Copies;

    public override void Allocate(KernelDevice device, KernelShape shape)
    {
        int rows = shape.Rows!.Value, sequences = shape.Sequences!.Value, context = shape.Context!.Value;
        int rowsEach = rows / sequences;
        long width = (long)shape.QueryHeads!.Value * shape.HeadSize!.Value;
        _stream = device.Stream;
        _context = Own(new PagedContext(device, shape));
        _arguments = new AttentionArguments
        {
            Rows = rows,
            Sequences = sequences,
            QueryHeads = shape.QueryHeads.Value,
            Layer = 0,
            Numerics = Numerics.Invariant,
            MaxBlocks = _context.Blocks,
            Scale = (float)(1 / Math.Sqrt(shape.HeadSize.Value)),
            Cache = _context.Cache,
            Query = Own(device.Noise(rows * width, device.ActivationSize)),
            SequenceStarts = Own(device.Upload<int>([.. Enumerable.Range(0, sequences + 1).Select(i => i * rowsEach)])),
            Positions = Own(device.Upload<int>([.. Enumerable.Range(0, rows).Select(i => context - rowsEach + (i % rowsEach))])),
            BlockTables = _context.Tables(0),
            Output = Own(device.Room(rows * width * device.ActivationSize)),
        };
    }

    public override void Launch(int number, Numerics numerics) =>
        Operators.Attention(_stream, _arguments with { Numerics = numerics, BlockTables = _context.Tables(number) });
}
