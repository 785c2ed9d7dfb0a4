using System.Numerics;
using System.Runtime.InteropServices;

namespace Llm42.PackedWeights;

/// <summary>
/// Four CRC-32C side by side, each over every fourth word, so that the processor works on four at once. They are not
/// folded into one, in which errors in two of them could cancel out. Against what disks and copies do to a file, not
/// against somebody who writes another on purpose.
/// </summary>
internal static class PackedChecksum
{
    /// <summary>Bytes of a checksum.</summary>
    public const int Size = 16;

    public static UInt128 Of(ReadOnlySpan<byte> bytes)
    {
        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        var (a, b, c, d) = (uint.MaxValue, uint.MaxValue, uint.MaxValue, uint.MaxValue);
        var i = 0;
        for (; i + 4 <= words.Length; i += 4)
        {
            a = BitOperations.Crc32C(a, words[i]);
            b = BitOperations.Crc32C(b, words[i + 1]);
            c = BitOperations.Crc32C(c, words[i + 2]);
            d = BitOperations.Crc32C(d, words[i + 3]);
        }
        for (; i < words.Length; i++)
            a = BitOperations.Crc32C(a, words[i]);
        foreach (var rest in bytes[(words.Length * sizeof(ulong))..])
            a = BitOperations.Crc32C(a, rest);
        return new UInt128(((ulong)a << 32) | b, ((ulong)c << 32) | d);
    }
}
