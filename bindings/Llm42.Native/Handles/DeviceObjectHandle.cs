using System.Runtime.InteropServices;

namespace Llm42.Native.Handles;

/// <summary>
/// A native object that belongs to a device. Releasing it only queues it with its device; disposing drains that queue
/// at once, on the caller's thread, while a finalizer leaves it to the device's own thread.
/// </summary>
/// <remarks>
/// A pointer taken from here stays valid until the end of the native call without further ado: the finalizer destroys
/// nothing, and whoever drains the queue is, by the rule that a device belongs to one thread at a time, not inside
/// another call.
/// </remarks>
internal sealed class DeviceObjectHandle : SafeHandle
{
    private readonly DeviceHandle _device;
    private readonly DeviceObjectKind _kind;

    public DeviceObjectHandle(DeviceHandle device, DeviceObjectKind kind, nint pointer)
        : base(0, ownsHandle: true)
    {
        _device = device;
        _kind = kind;
        SetHandle(pointer);
        device.Releases.Track(kind, pointer);
    }

    /// <summary>The device that the object belongs to.</summary>
    public DeviceHandle Device => _device;

    /// <inheritdoc/>
    public override bool IsInvalid => handle == 0;

    /// <summary>The native object.</summary>
    public nint Pointer(object owner)
    {
        ObjectDisposedException.ThrowIf(IsClosed, owner);
        return handle;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
        {
            _device.Releases.Drain();
        }
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        _device.Releases.Enqueue(_kind, handle);
        return true;
    }
}
