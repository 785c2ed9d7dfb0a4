using System.Runtime.CompilerServices;
using Llm42.Native.Handles;

namespace Llm42.Native;

/// <summary>A weight matrix, packed by its backend.</summary>
public sealed unsafe class NativeWeight : IDisposable
{
    private readonly DeviceObjectHandle _handle;
    private readonly byte* _packed;

    private NativeWeight(DeviceObjectHandle handle, in WeightInfo info)
    {
        _handle = handle;
        Rows = info.Rows;
        Columns = info.Columns;
        Format = info.Format;
        Layout = info.Layout;
        Size = info.Size;
        Groups = info.Groups;
        Packing = info.Packing;
        _packed = (byte*)info.Data;
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

    /// <summary>Version of the layout in host memory, 1 or more; 0 on a device whose memory the host does not reach.</summary>
    public int Packing { get; }

    /// <summary>What it is.</summary>
    public NativeWeightShape Shape => new(Format, Layout, Columns, Rows, Groups, Size, Packing);

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

        return Of(stream, weight);
    }

    /// <summary>Makes a weight of zeros, to be filled through <see cref="Packed"/> with what another of that shape held.</summary>
    /// <exception cref="NativeException">
    /// This library packs such a shape into another size or layout, the memory does not suffice, or the host does not reach it.
    /// </exception>
    public static NativeWeight CreateUnfilled(NativeStream stream, NativeWeightShape shape)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(shape);
        stream.Device.Releases.Drain();
        WeightInfo native = new()
        {
            StructSize = (uint)sizeof(WeightInfo),
            Format = shape.Format,
            Layout = shape.Layout,
            Columns = shape.Columns,
            Rows = shape.Rows,
            Groups = shape.Groups,
            Size = shape.Size,
            Packing = shape.Packing,
        };
        OpaqueWeight* weight;
        NativeException.ThrowIfFailed(NativeMethods.WeightCreateUnfilled(stream.Pointer, &native, &weight));
        return Of(stream, weight);
    }

    /// <summary>
    /// Bytes as they are packed, in place. Only to be read, but for a weight of <see cref="CreateUnfilled"/> before its
    /// first use; from any thread, and not after the weight was disposed.
    /// </summary>
    /// <param name="offset">First byte.</param>
    /// <param name="length">Bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range is not inside the weight.</exception>
    /// <exception cref="InvalidOperationException">The host does not reach the device's memory.</exception>
    public Span<byte> Packed(long offset, int length)
    {
        if (_packed is null)
            throw new InvalidOperationException("the host does not reach the memory of this weight.");
        if (offset < 0 || length < 0 || offset > Size - length)
            throw new ArgumentOutOfRangeException(nameof(offset), $"{length} bytes at {offset} are outside a weight of {Size} bytes.");
        _ = Pointer;
        return new Span<byte>(_packed + offset, length);
    }

    private static NativeWeight Of(NativeStream stream, OpaqueWeight* weight)
    {
        DeviceObjectHandle handle = new(stream.Device, DeviceObjectKind.Weight, (nint)weight);
        WeightInfo info = new() { StructSize = (uint)sizeof(WeightInfo) };
        NativeException.ThrowIfFailed(NativeMethods.WeightGetInfo(weight, &info));
        return new NativeWeight(handle, info);
    }

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();
}
