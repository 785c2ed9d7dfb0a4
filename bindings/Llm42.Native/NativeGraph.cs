using Llm42.Native.Handles;

namespace Llm42.Native;

/// <summary>
/// Operators that a stream recorded, launched together by <see cref="NativeStream.Launch"/>. The buffers, weights and
/// caches that they use must outlive it: disposing one of those earlier, or dropping the last reference to it, leaves the
/// graph with addresses of freed memory.
/// </summary>
public sealed unsafe class NativeGraph : IDisposable
{
    private readonly DeviceObjectHandle _handle;

    internal NativeGraph(DeviceObjectHandle handle) => _handle = handle;

    internal OpaqueGraph* Pointer => (OpaqueGraph*)_handle.Pointer(this);

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();
}
