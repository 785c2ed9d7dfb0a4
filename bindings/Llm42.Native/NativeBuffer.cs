using System.Runtime.CompilerServices;
using Llm42.Native.Handles;

namespace Llm42.Native;

/// <summary>Untyped device memory.</summary>
public sealed unsafe class NativeBuffer : IDisposable
{
    private readonly DeviceObjectHandle _handle;

    private NativeBuffer(DeviceObjectHandle handle, long size)
    {
        _handle = handle;
        Size = size;
    }

    /// <summary>Bytes.</summary>
    public long Size { get; }

    internal OpaqueBuffer* Pointer => (OpaqueBuffer*)_handle.Pointer(this);

    /// <summary>Allocates a buffer filled with zero.</summary>
    public static NativeBuffer Create(NativeDevice device, long size)
    {
        ArgumentNullException.ThrowIfNull(device);
        device.Handle.Releases.Drain();
        OpaqueBuffer* buffer;
        NativeException.ThrowIfFailed(NativeMethods.BufferCreate(device.Handle.Pointer, size, &buffer));
        return new NativeBuffer(new DeviceObjectHandle(device.Handle, DeviceObjectKind.Buffer, (nint)buffer), size);
    }

    /// <summary>Copies elements from the host to a byte offset. The source may be reused at once.</summary>
    public void Upload<T>(NativeStream stream, ReadOnlySpan<T> source, long offset = 0)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(stream);
        fixed (T* data = source)
        {
            byte nothing;
            NativeException.ThrowIfFailed(NativeMethods.BufferUpload(
                stream.Pointer, Pointer, offset, data is null ? &nothing : data, (long)source.Length * Unsafe.SizeOf<T>()));
        }
    }

    /// <summary>Copies elements at a byte offset to the host and waits for them, and so for the stream.</summary>
    public void Download<T>(NativeStream stream, Span<T> destination, long offset = 0)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(stream);
        fixed (T* data = destination)
        {
            byte nothing;
            NativeException.ThrowIfFailed(NativeMethods.BufferDownload(
                stream.Pointer, Pointer, offset, data is null ? &nothing : data,
                (long)destination.Length * Unsafe.SizeOf<T>()));
            stream.Synchronize();
        }
    }

    /// <summary>A place in this buffer.</summary>
    public BufferView At(long offset) => new(this, offset);

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();
}
