using System.Runtime.CompilerServices;
using Llm42.Testing;

namespace Llm42.Native.Tests.Devices;

/// <summary>An open device with a stream; it disposes everything that was made through it.</summary>
internal sealed class TestDevice : IDisposable
{
    private readonly List<IDisposable> _owned = [];

    private TestDevice(string name, NativeDevice device)
    {
        Name = name;
        Device = device;
        Stream = NativeStream.Create(device);
        Info = device.Info;
    }

    public string Name { get; }

    public NativeDevice Device { get; }

    public NativeStream Stream { get; }

    public NativeDeviceInfo Info { get; }

    /// <summary>Bytes of an activation.</summary>
    public int ActivationSize => Info.ActivationType == DType.F32 ? 4 : 2;

    /// <summary>Float types that weights may have here, the first one unless a test asks for another.</summary>
    public IReadOnlyList<DType> WeightTypes =>
        Info.Backend == "cpu" ? [DType.F32, DType.F16, DType.Bf16] : [DType.Bf16];

    /// <summary>Types that keys and values may have here.</summary>
    public IReadOnlyList<DType> CacheTypes => Info.Backend == "cpu" ? [DType.F32, DType.Bf16] : [DType.Bf16];

    /// <summary>Opens a device of the matrix; inconclusive, or a failure if it is required, where it is not there.</summary>
    public static TestDevice Open(string name, int plannedThreads = 0)
    {
        TestDevice? device = TryOpen(name, plannedThreads, out string? reason);
        if (device is not null)
        {
            return device;
        }

        CudaDevices.Missing(name, reason!);
        return null;
    }

    public static TestDevice? TryOpen(string name, int plannedThreads, out string? reason)
    {
        try
        {
            reason = null;
            return new TestDevice(name, NativeDevice.Open(DeviceSpec.Parse(name).Options with { PlannedThreads = plannedThreads }));
        }
        catch (NativeException failure) when (failure.Status is Status.Unsupported or Status.DeviceUnavailable)
        {
            reason = failure.Message;
            return null;
        }
    }

    /// <summary>How to open a device of the matrix with other options; ends the test as <see cref="Open"/> does.</summary>
    public static NativeDeviceOptions OptionsOf(string name)
    {
        using (Open(name))
        {
            return DeviceSpec.Parse(name).Options;
        }
    }

    /// <summary>The type that a weight of a source type gets here: that one, or the one that there is.</summary>
    public DType WeightType(DType source) => WeightTypes.Contains(source) ? source : WeightTypes[0];

    /// <summary>The type that a cache gets here for a wish: that one, or the one that there is.</summary>
    public DType CacheType(DType wanted) => CacheTypes.Contains(wanted) ? wanted : CacheTypes[0];

    /// <summary>The elements of a weight as the device multiplies with them.</summary>
    public float[] AsWeight(float[] values, DType source) => Elements.Round(values, WeightType(source));

    /// <summary>The outcome of a call, or of the work that it began: what only the device sees is told at the end.</summary>
    public unsafe Status Finish(Status called) =>
        called == Status.Ok ? NativeMethods.StreamSynchronize(Stream.Pointer) : called;

    /// <summary>Disposes an object together with this device.</summary>
    public T Own<T>(T item)
        where T : IDisposable
    {
        _owned.Add(item);
        return item;
    }

    public NativeBuffer Bytes(long size) => Own(NativeBuffer.Create(Device, Math.Max(4, size)));

    public NativeBuffer Upload<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        NativeBuffer buffer = Bytes((long)values.Length * Unsafe.SizeOf<T>());
        buffer.Upload(Stream, values);
        return buffer;
    }

    public NativeBuffer Upload<T>(T[] values)
        where T : unmanaged => Upload<T>(values.AsSpan());

    public T[] Read<T>(BufferView view, int count)
        where T : unmanaged
    {
        T[] values = new T[count];
        view.Buffer!.Download<T>(Stream, values, view.Offset);
        return values;
    }

    /// <summary>Uploads values in the dtype of activations, rounded to it.</summary>
    public NativeBuffer Activations(float[] values) =>
        Info.ActivationType == DType.F32 ? Upload(values) : Upload(Elements.Encode(values, Info.ActivationType));

    /// <summary>Room for activations, filled with NaN so that what an operator leaves out is seen.</summary>
    public NativeBuffer EmptyActivations(int count)
    {
        float[] values = new float[Math.Max(1, count)];
        Array.Fill(values, float.NaN);
        return Activations(values);
    }

    public float[] ReadActivations(BufferView view, int count) => Info.ActivationType == DType.F32
        ? Read<float>(view, count)
        : Elements.Decode(Read<byte>(view, 2 * count), Info.ActivationType);

    /// <summary>The values as the device sees them.</summary>
    public float[] AsActivations(float[] values) => Elements.Round(values, Info.ActivationType);

    public NativeWeight Weight(
        float[] values, int rows, int columns, DType type = DType.F32, WeightLayout layout = WeightLayout.Rows,
        DType format = DType.Default)
    {
        byte[] bytes = Elements.Encode(values, type);
        NativeWeightOptions options = new()
        {
            SourceType = type,
            Format = format == DType.Default ? WeightType(type) : format,
            Columns = columns,
            Layout = layout,
        };
        if (layout == WeightLayout.Rows)
        {
            return Own(NativeWeight.Create<byte>(Stream, options, bytes, rows));
        }

        unsafe
        {
            fixed (byte* data = bytes)
            {
                long half = bytes.Length / 2;
                return Own(NativeWeight.Create(
                    Stream, options, [new((nint)data, half, rows / 2), new((nint)(data + half), half, rows / 2)]));
            }
        }
    }

    public void Dispose()
    {
        // First, since it waits for work that may still use the others.
        Stream.Dispose();
        foreach (IDisposable item in Enumerable.Reverse(_owned))
        {
            item.Dispose();
        }

        Device.Dispose();
    }
}
