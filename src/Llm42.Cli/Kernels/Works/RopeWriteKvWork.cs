using Llm42.Native;
using Llm42.Native.Arguments;

namespace Llm42.Cli.Kernels.Works;

/// <summary>Rotary embedding and the write of keys and values, each row to a slot of a page in no order.</summary>
internal sealed class RopeWriteKvWork : KernelWork
{
    private RopeWriteKvArguments _arguments;
    private NativeStream _stream = null!;

    public override void Allocate(KernelDevice device, KernelShape shape)
    {
        int rows = shape.Rows!.Value, head = shape.HeadSize!.Value, pageSize = KernelCatalogue.PageSize;
        int width = (shape.QueryHeads!.Value + (2 * shape.KvHeads!.Value)) * head;
        int[] pages = [.. Enumerable.Range(0, (rows + pageSize - 1) / pageSize)];
        new Random(42).Shuffle(pages);
        _stream = device.Stream;
        _arguments = new RopeWriteKvArguments
        {
            Rows = rows,
            QueryHeads = shape.QueryHeads.Value,
            RotarySize = head,
            TablePositions = rows,
            Layer = 0,
            Cache = Own(device.Cache(new NativeKvCacheOptions
            {
                ElementType = DType.Bf16,
                Layers = 1,
                KvHeads = shape.KvHeads.Value,
                HeadSize = head,
                PageSize = pageSize,
                Pages = pages.Length,
            })),
            Qkv = Own(device.Noise((long)rows * width, device.ActivationSize)),
            Positions = Own(device.Upload<int>([.. Enumerable.Range(0, rows)])),
            Slots = Own(device.Upload<int>([.. Enumerable.Range(0, rows).Select(i => (pages[i / pageSize] * pageSize) + (i % pageSize))])),
            Table = Own(device.Upload<float>(Angles(rows, head))),
        };
    }

    public override void Launch(int number, Numerics numerics) => Operators.RopeWriteKv(_stream, _arguments);

    /// <summary>True rotations, so that queries, which are rotated in place again and again, keep their length.</summary>
    private static float[] Angles(int positions, int head)
    {
        var table = new float[positions * head];
        for (int position = 0; position < positions; position++)
        {
            for (int i = 0; i < head / 2; i++)
            {
                double angle = position * Math.Pow(10000, -2.0 * i / head);
                table[(position * head) + i] = (float)Math.Cos(angle);
                table[(position * head) + (head / 2) + i] = (float)Math.Sin(angle);
            }
        }

        return table;
    }
}
