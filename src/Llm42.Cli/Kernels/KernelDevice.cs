using System.Globalization;
using System.Runtime.CompilerServices;
using Llm42.Native;

namespace Llm42.Cli.Kernels;

/// <summary>The device that is measured, with one stream.</summary>
internal sealed class KernelDevice : IDisposable
{
    /// <summary>Twice the second-level cache of a large GPU, and more.</summary>
    private const long LeastColdBytes = 128L << 20;

    /// <summary>Copies of something small would cost more time to make than they are worth.</summary>
    private const int MostCopies = 1024;

    private const int UploadElements = 1 << 20;

    private const string LastCacheFile = "/sys/devices/system/cpu/cpu0/cache/index3/size";

    private readonly NativeDevice _device;

    private readonly long _coldBytes;

    private KernelDevice(NativeDevice device)
    {
        _device = device;
        _coldBytes = ColdBytesOf(device.Info.Backend);
        Stream = NativeStream.Create(device);
    }

    public NativeStream Stream { get; }

    public NativeDeviceInfo Info => _device.Info;

    /// <summary>Bytes of an activation.</summary>
    public int ActivationSize => Info.ActivationType == DType.F32 ? sizeof(float) : sizeof(ushort);

    public static KernelDevice Open(NativeDeviceOptions options)
    {
        NativeDevice device = NativeDevice.Open(options);
        try
        {
            return new KernelDevice(device);
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }

    /// <summary>More bytes than the caches hold: what is read after so many others is cold. An emulator has none.</summary>
    public static long ColdBytesOf(string backend) => backend switch
    {
        "cpu" => Math.Max(LeastColdBytes, 2 * LastCacheBytes()),
        "cuda" => LeastColdBytes,
        _ => 1,
    };

    /// <summary>Copies of so many bytes that, used in turns, each is out of the caches when its turn comes.</summary>
    public int CopiesOf(long bytes) => (int)Math.Clamp((_coldBytes + bytes - 1) / bytes, 1, MostCopies);

    /// <summary>Memory filled with zero.</summary>
    public NativeBuffer Room(long bytes) => NativeBuffer.Create(_device, bytes);

    public NativeKvCache Cache(NativeKvCacheOptions options) => NativeKvCache.Create(_device, options);

    public NativeBuffer Upload<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        NativeBuffer buffer = Room((long)values.Length * Unsafe.SizeOf<T>());
        try
        {
            buffer.Upload(Stream, values);
        }
        catch
        {
            buffer.Dispose();
            throw;
        }

        return buffer;
    }

    /// <summary>Noise in elements of 2 (bf16) or 4 bytes (f32).</summary>
    public NativeBuffer Noise(long count, int elementSize, float scale = 1)
    {
        NativeBuffer buffer = Room(count * elementSize);
        try
        {
            byte[] block = HostNoise.Bytes(Math.Min(count, UploadElements), elementSize, scale);
            for (long place = 0; place < buffer.Size; place += block.Length)
                buffer.Upload<byte>(Stream, block.AsSpan(0, (int)Math.Min(block.Length, buffer.Size - place)), place);
        }
        catch
        {
            buffer.Dispose();
            throw;
        }

        return buffer;
    }

    /// <summary>The processor's last cache; 0 where it does not say.</summary>
    private static long LastCacheBytes() =>
        File.Exists(LastCacheFile)
        && long.TryParse(File.ReadAllText(LastCacheFile).AsSpan().Trim().TrimEnd('K'), NumberStyles.None, CultureInfo.InvariantCulture, out long kibibytes)
            ? kibibytes << 10
            : 0;

    public void Dispose()
    {
        Stream.Dispose();
        _device.Dispose();
    }
}
