using Llm42.Native;

namespace Llm42.Cli.Kernels.Works;

/// <summary>A page copied over another one in every layer, as copy on write does.</summary>
internal sealed class CopyPageWork : KernelWork
{
    private NativeKvCache _cache = null!;
    private NativeStream _stream = null!;

    public override int Copies => _cache.Options.Pages / 2;

    public override void Allocate(KernelDevice device, KernelShape shape)
    {
        long pageBytes = 2L * shape.Layers!.Value * shape.PageSize!.Value * shape.KvHeads!.Value * shape.HeadSize!.Value * sizeof(ushort);
        _stream = device.Stream;
        _cache = Own(device.Cache(new NativeKvCacheOptions
        {
            ElementType = DType.Bf16,
            Layers = shape.Layers.Value,
            KvHeads = shape.KvHeads.Value,
            HeadSize = shape.HeadSize.Value,
            PageSize = shape.PageSize.Value,
            Pages = 2 * device.CopiesOf(2 * pageBytes),
        }));
    }

    public override void Launch(int number, Numerics numerics)
    {
        int source = 2 * (number % Copies);
        _cache.CopyPage(_stream, source, source + 1);
    }
}
