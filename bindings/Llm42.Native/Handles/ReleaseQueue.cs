using System.Collections.Concurrent;

namespace Llm42.Native.Handles;

/// <summary>
/// Native objects of one device that nobody uses any more. Any thread may add; only the thread that the device belongs
/// to drains, on its next create or dispose.
/// </summary>
internal sealed unsafe class ReleaseQueue
{
    private readonly DeviceHandle _device;
    private readonly ConcurrentQueue<(DeviceObjectKind Kind, nint Pointer)> _pending = new();
    private readonly List<nint> _streams = [];

    public ReleaseQueue(DeviceHandle device) => _device = device;

    /// <summary>Objects that wait.</summary>
    public int Count => _pending.Count;

    /// <summary>Registers a new object, which from now on keeps the device alive.</summary>
    public void Track(DeviceObjectKind kind, nint pointer)
    {
        bool added = false;
        _device.DangerousAddRef(ref added);
        if (kind == DeviceObjectKind.Stream)
        {
            _streams.Add(pointer);
        }
    }

    /// <summary>Adds an object.</summary>
    public void Enqueue(DeviceObjectKind kind, nint pointer) => _pending.Enqueue((kind, pointer));

    /// <summary>Destroys what waits.</summary>
    public void Drain()
    {
        if (_pending.IsEmpty)
        {
            return;
        }

        // What is destroyed may still be in use by work that was enqueued before. An error of that work stays with
        // the device and shows in its next call. A stream that records has nothing under way: see
        // NativeStream.BeginGraph.
        foreach (nint stream in _streams)
        {
            _ = NativeMethods.StreamSynchronize((OpaqueStream*)stream);
        }

        while (_pending.TryDequeue(out (DeviceObjectKind Kind, nint Pointer) item))
        {
            Destroy(item.Kind, item.Pointer);
            _device.DangerousRelease();
        }
    }

    private void Destroy(DeviceObjectKind kind, nint pointer)
    {
        switch (kind)
        {
            case DeviceObjectKind.Stream:
                _streams.Remove(pointer);
                NativeMethods.StreamDestroy((OpaqueStream*)pointer);
                break;
            case DeviceObjectKind.Buffer:
                NativeMethods.BufferDestroy((OpaqueBuffer*)pointer);
                break;
            case DeviceObjectKind.Weight:
                NativeMethods.WeightDestroy((OpaqueWeight*)pointer);
                break;
            case DeviceObjectKind.KvCache:
                NativeMethods.KvCacheDestroy((OpaqueKvCache*)pointer);
                break;
            case DeviceObjectKind.Graph:
                NativeMethods.GraphDestroy((OpaqueGraph*)pointer);
                break;
            default:
                throw new InvalidOperationException($"unknown kind of native object: {kind}");
        }
    }
}
