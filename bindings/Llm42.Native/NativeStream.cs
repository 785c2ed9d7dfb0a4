using System.Diagnostics.CodeAnalysis;
using Llm42.Native.Handles;

namespace Llm42.Native;

/// <summary>Work in the order in which it was enqueued.</summary>
[SuppressMessage("Naming", "CA1711", Justification = "A stream of work, the field's term; no System.IO.Stream.")]
public sealed unsafe class NativeStream : IDisposable
{
    private readonly DeviceObjectHandle _handle;

    private NativeStream(DeviceObjectHandle handle) => _handle = handle;

    internal OpaqueStream* Pointer => (OpaqueStream*)_handle.Pointer(this);

    internal DeviceHandle Device => _handle.Device;

    /// <summary>Makes a stream of a device.</summary>
    public static NativeStream Create(NativeDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        device.Handle.Releases.Drain();
        OpaqueStream* stream;
        NativeException.ThrowIfFailed(NativeMethods.StreamCreate(device.Handle.Pointer, &stream));
        return new NativeStream(new DeviceObjectHandle(device.Handle, DeviceObjectKind.Stream, (nint)stream));
    }

    /// <summary>Waits until everything enqueued is done.</summary>
    /// <exception cref="NativeException">Some of that work failed.</exception>
    public void Synchronize() => NativeException.ThrowIfFailed(NativeMethods.StreamSynchronize(Pointer));

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();
}
