using System.Runtime.InteropServices;
using System.Text;
using Llm42.Native.Handles;

namespace Llm42.Native;

/// <summary>
/// A device: a backend, its threads and its numerics. It and everything made from it belong to one thread at a time.
/// What was made from it may outlive its <see cref="Dispose"/>; the native device goes with the last of them.
/// </summary>
public sealed unsafe class NativeDevice : IDisposable
{
    private NativeDevice(DeviceHandle handle) => Handle = handle;

    /// <summary>What the device reports about itself, asked anew on every call.</summary>
    public NativeDeviceInfo Info
    {
        get
        {
            DeviceInfo info = new() { StructSize = (uint)sizeof(DeviceInfo) };
            NativeException.ThrowIfFailed(NativeMethods.DeviceGetInfo(Handle.Pointer, &info));
            return new NativeDeviceInfo(
                Text(info.Backend), Text(info.Name), Text(info.Profile), info.Threads, info.PlannedThreads, info.Isa,
                info.ActivationDType, info.FastIsInvariant != 0, info.MemoryTotal, info.MemoryAllocated,
                info.MemoryPeak, info.MemoryLimit, info.Calls, info.MemoryFree,
                info.SupportsGraphs != 0);
        }
    }

    /// <summary>Bytes that the device holds now, and the most that it has held; as in <see cref="Info"/>, but allocates nothing.</summary>
    public (long Allocated, long Peak) Memory
    {
        get
        {
            DeviceInfo info = new() { StructSize = (uint)sizeof(DeviceInfo) };
            NativeException.ThrowIfFailed(NativeMethods.DeviceGetInfo(Handle.Pointer, &info));
            return (info.MemoryAllocated, info.MemoryPeak);
        }
    }

    internal DeviceHandle Handle { get; }

    /// <summary>Opens a device.</summary>
    /// <exception cref="NativeException">The backend, the device or an option is not available; the message says which.</exception>
    public static NativeDevice Open(NativeDeviceOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        byte* backend = (byte*)Marshal.StringToCoTaskMemUTF8(options.Backend);
        try
        {
            DeviceOptions native = new()
            {
                StructSize = (uint)sizeof(DeviceOptions),
                Ordinal = options.Ordinal,
                Threads = options.Threads,
                PlannedThreads = options.PlannedThreads,
                Isa = options.Isa,
                MemoryLimit = options.MemoryLimit,
                FailCall = options.FailCall,
                Backend = backend,
            };
            OpaqueDevice* device;
            NativeException.ThrowIfFailed(NativeMethods.DeviceCreate(&native, &device));
            return new NativeDevice(new DeviceHandle(device));
        }
        finally
        {
            Marshal.FreeCoTaskMem((nint)backend);
        }
    }

    /// <inheritdoc cref="NativeMethods.DeviceRunInt8"/>
    /// <returns>The operations that were made.</returns>
    public long RunInt8(long rounds)
    {
        long operations;
        NativeException.ThrowIfFailed(NativeMethods.DeviceRunInt8(Handle.Pointer, rounds, &operations));
        return operations;
    }

    /// <inheritdoc/>
    public void Dispose() => Handle.Dispose();

    private static string Text(ReadOnlySpan<byte> bytes)
    {
        int end = bytes.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? bytes : bytes[..end]);
    }
}
