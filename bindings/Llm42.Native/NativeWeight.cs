using System.Runtime.CompilerServices;
using Llm42.Native.Handles;

namespace Llm42.Native;

/// <summary>A weight matrix, packed by its backend.</summary>
public sealed unsafe class NativeWeight : IDisposable
{
    private readonly DeviceObjectHandle _handle;

    private NativeWeight(DeviceObjectHandle handle, in WeightInfo info)
    {
        _handle = handle;
        Rows = info.Rows;
        Columns = info.Columns;
        Format = info.Format;
        Layout = info.Layout;
        Size = info.Size;
        Groups = info.Groups;
    }

    /// <summary>Output features (N) of one matrix, over all its parts.</summary>
    public long Rows { get; }

    /// <summary>Input features (K).</summary>
    public int Columns { get; }

    /// <summary>dtype of the packed elements.</summary>
    public DType Format { get; }

    /// <summary>How the parts were joined.</summary>
    public WeightLayout Layout { get; }

    /// <summary>Bytes of device memory held.</summary>
    public long Size { get; }

    /// <summary>Matrices in this weight, 1 or more.</summary>
    public int Groups { get; }

    internal OpaqueWeight* Pointer => (OpaqueWeight*)_handle.Pointer(this);

    /// <summary>Packs a weight from one matrix.</summary>
    public static NativeWeight Create<T>(
        NativeStream stream, NativeWeightOptions options, ReadOnlySpan<T> data, long rows)
        where T : unmanaged
    {
        fixed (T* address = data)
        {
            return Create(stream, options, [new((nint)address, (long)data.Length * Unsafe.SizeOf<T>(), rows)]);
        }
    }

    /// <summary>Packs a weight from its parts, which are only read during the call.</summary>
    public static NativeWeight Create(
        NativeStream stream, NativeWeightOptions options, ReadOnlySpan<NativeWeightPart> parts)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(options);
        stream.Device.Releases.Drain();
        WeightPart[] nativeParts = new WeightPart[parts.Length];
        for (int i = 0; i < parts.Length; ++i)
        {
            nativeParts[i] = new WeightPart { Data = (void*)parts[i].Address, Size = parts[i].Size, Rows = parts[i].Rows };
        }

        OpaqueWeight* weight;
        fixed (WeightPart* first = nativeParts)
        {
            WeightParams native = new()
            {
                StructSize = (uint)sizeof(WeightParams),
                DType = options.SourceType,
                Format = options.Format,
                Layout = options.Layout,
                Columns = options.Columns,
                PartCount = parts.Length,
                Parts = first,
                Groups = options.Groups,
            };
            NativeException.ThrowIfFailed(NativeMethods.WeightCreate(stream.Pointer, &native, &weight));
        }

        DeviceObjectHandle handle = new(stream.Device, DeviceObjectKind.Weight, (nint)weight);
        WeightInfo info = new() { StructSize = (uint)sizeof(WeightInfo) };
        NativeException.ThrowIfFailed(NativeMethods.WeightGetInfo(weight, &info));
        return new NativeWeight(handle, info);
    }

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();
}
