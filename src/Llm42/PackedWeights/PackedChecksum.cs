using System.Numerics;
using System.Runtime.InteropServices;

namespace Llm42.PackedWeights;

/// <summary>
/// CRC-32C in four lanes over every fourth word, so that the processor works on four at once: against what disks and
/// copies do to a file, not against somebody who writes another on purpose.
/// </summary>
internal static class PackedChecksum
{
    public static uint Of(ReadOnlySpan<byte> bytes)
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
        var checksum = BitOperations.Crc32C(BitOperations.Crc32C(uint.MaxValue, ((ulong)a << 32) | b), ((ulong)c << 32) | d);
        for (; i < words.Length; i++)
            checksum = BitOperations.Crc32C(checksum, words[i]);
        foreach (var rest in bytes[(words.Length * sizeof(ulong))..])
            checksum = BitOperations.Crc32C(checksum, rest);
        return ~checksum;
    }
}
