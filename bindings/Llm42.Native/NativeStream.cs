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

    /// <summary>
    /// Waits for what was enqueued, then begins to record: until <see cref="EndGraph"/>, operators on this stream are not
    /// run but become part of a graph. Copies to and from the host, <see cref="Synchronize"/>, new weights and launches
    /// are refused in between.
    /// </summary>
    /// <exception cref="NativeException">
    /// The backend has no graphs (<see cref="NativeDeviceInfo.SupportsGraphs"/>), the stream records already, or some of
    /// the earlier work failed.
    /// </exception>
    public void BeginGraph()
    {
        Synchronize(); // What is disposed while the stream records is destroyed without waiting for the stream.
        NativeException.ThrowIfFailed(NativeMethods.GraphBegin(Pointer));
    }

    /// <summary>
    /// Ends the recording, also where it fails, and makes a graph of it. To be called on the thread of
    /// <see cref="BeginGraph"/>.
    /// </summary>
    /// <exception cref="NativeException">The stream does not record, or an operator failed while it did.</exception>
    public NativeGraph EndGraph()
    {
        OpaqueGraph* graph;
        NativeException.ThrowIfFailed(NativeMethods.GraphEnd(Pointer, &graph));
        return new NativeGraph(new DeviceObjectHandle(Device, DeviceObjectKind.Graph, (nint)graph));
    }

    /// <summary>
    /// Enqueues the work of a graph that this stream recorded, on what its buffers hold by then, and does not wait for it.
    /// </summary>
    /// <exception cref="NativeException">The graph is another stream's, or this stream records.</exception>
    public void Launch(NativeGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        NativeException.ThrowIfFailed(NativeMethods.GraphLaunch(Pointer, graph.Pointer));
    }

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();
}
