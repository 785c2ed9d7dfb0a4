using Llm42.Native.Handles;

namespace Llm42.Native;

/// <summary>The paged key/value cache of all layers.</summary>
public sealed unsafe class NativeKvCache : IDisposable
{
    private readonly DeviceObjectHandle _handle;

    private NativeKvCache(DeviceObjectHandle handle, NativeKvCacheOptions options)
    {
        _handle = handle;
        Options = options;
    }

    /// <summary>The shape that was asked for.</summary>
    public NativeKvCacheOptions Options { get; }

    internal OpaqueKvCache* Pointer => (OpaqueKvCache*)_handle.Pointer(this);

    /// <summary>Allocates a cache, whose content is unspecified until written.</summary>
    public static NativeKvCache Create(NativeDevice device, NativeKvCacheOptions options)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(options);
        device.Handle.Releases.Drain();
        KvCacheParams native = new()
        {
            StructSize = (uint)sizeof(KvCacheParams),
            DType = options.ElementType,
            Layers = options.Layers,
            KvHeads = options.KvHeads,
            HeadSize = options.HeadSize,
            PageSize = options.PageSize,
            Pages = options.Pages,
        };
        OpaqueKvCache* cache;
        NativeException.ThrowIfFailed(NativeMethods.KvCacheCreate(device.Handle.Pointer, &native, &cache));
        return new NativeKvCache(new DeviceObjectHandle(device.Handle, DeviceObjectKind.KvCache, (nint)cache), options);
    }

    /// <summary>Copies a page over another one in every layer.</summary>
    public void CopyPage(NativeStream stream, int source, int destination)
    {
        ArgumentNullException.ThrowIfNull(stream);
        NativeException.ThrowIfFailed(NativeMethods.KvCacheCopyPage(stream.Pointer, Pointer, source, destination));
    }

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();
}
