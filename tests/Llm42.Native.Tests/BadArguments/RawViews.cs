using System.Runtime.CompilerServices;
using Llm42.Native.Tests.Devices;

namespace Llm42.Native.Tests.BadArguments;

/// <summary>Buffers of exactly the size that is needed, as raw views.</summary>
internal sealed unsafe class RawViews
{
    private readonly TestDevice _device;

    public RawViews(TestDevice device) => _device = device;

    /// <summary>Room for activations.</summary>
    public View Activations(int count) => Exact((long)count * _device.ActivationSize);

    /// <summary>Room for values.</summary>
    public View Values<T>(params T[] values)
        where T : unmanaged
    {
        View view = Exact((long)values.Length * Unsafe.SizeOf<T>());
        fixed (T* source = values)
        {
            NativeException.ThrowIfFailed(NativeMethods.BufferUpload(
                _device.Stream.Pointer, view.Buffer, 0, source, (long)values.Length * Unsafe.SizeOf<T>()));
        }

        return view;
    }

    private View Exact(long bytes) =>
        new() { Buffer = _device.Own(NativeBuffer.Create(_device.Device, bytes)).Pointer };
}
