using System.Runtime.InteropServices;

namespace Llm42.Native.Handles;

/// <summary>
/// A device. Everything made from it holds a reference, so the native device goes when it and all of that were
/// disposed, in whichever order. A device that nobody disposed is leaked on purpose: the finalizer thread, or a
/// process that is exiting, is no place to tear down a GPU context.
/// </summary>
internal sealed unsafe class DeviceHandle : SafeHandle
{
    private bool _disposedByUser;

    public DeviceHandle(OpaqueDevice* pointer)
        : base(0, ownsHandle: true)
    {
        SetHandle((nint)pointer);
        Releases = new ReleaseQueue(this);
    }

    /// <summary>Objects of this device that wait for being destroyed.</summary>
    public ReleaseQueue Releases { get; }

    /// <inheritdoc/>
    public override bool IsInvalid => handle == 0;

    /// <summary>The native device.</summary>
    public OpaqueDevice* Pointer
    {
        get
        {
            ObjectDisposedException.ThrowIf(IsClosed, typeof(NativeDevice));
            return (OpaqueDevice*)handle;
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _disposedByUser = true;
            Releases.Drain();
        }

        base.Dispose(disposing);
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        if (_disposedByUser)
        {
            NativeMethods.DeviceDestroy((OpaqueDevice*)handle);
        }

        return true;
    }
}
