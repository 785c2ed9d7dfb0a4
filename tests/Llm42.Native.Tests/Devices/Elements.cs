using System.Runtime.InteropServices;

namespace Llm42.Native.Tests.Devices;

/// <summary>Element types on the host side.</summary>
internal static class Elements
{
    public static byte[] Encode(float[] values, DType type) => type switch
    {
        DType.F32 => MemoryMarshal.AsBytes(values.AsSpan()).ToArray(),
        DType.F16 => MemoryMarshal.AsBytes(values.Select(value => (Half)value).ToArray().AsSpan()).ToArray(),
        DType.Bf16 => MemoryMarshal.AsBytes(values.Select(ToBf16).ToArray().AsSpan()).ToArray(),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "not a float type"),
    };

    public static float[] Decode(byte[] bytes, DType type) => type switch
    {
        DType.F32 => MemoryMarshal.Cast<byte, float>(bytes).ToArray(),
        DType.F16 => [.. MemoryMarshal.Cast<byte, Half>(bytes).ToArray().Select(value => (float)value)],
        DType.Bf16 => [.. MemoryMarshal.Cast<byte, ushort>(bytes).ToArray().Select(FromBf16)],
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "not a float type"),
    };

    /// <summary>The nearest values of a type, ties to even.</summary>
    public static float[] Round(float[] values, DType type) => Decode(Encode(values, type), type);

    private static ushort ToBf16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        if (float.IsNaN(value))
        {
            return (ushort)((bits >> 16) | 0x40);
        }

        return (ushort)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
    }

    private static float FromBf16(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);
}
