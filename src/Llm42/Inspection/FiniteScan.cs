using System.Numerics;
using System.Runtime.InteropServices;
using Llm42.Weights;

namespace Llm42.Inspection;

/// <summary>Counts what is not finite among floats of 16 or 32 bits. Merges over pieces, whatever their order.</summary>
internal sealed class FiniteScan
{
    // Small enough to be looked at again from the cache where one of its values is not finite.
    private const int BlockElements = 4096;

    /// <summary>Values that are not a number.</summary>
    public long NanCount { get; private set; }

    /// <summary>Infinite values.</summary>
    public long InfinityCount { get; private set; }

    /// <summary>Index of the first value that is not finite; long.MaxValue if all are.</summary>
    public long First { get; private set; } = long.MaxValue;

    /// <summary>Every value so far is 0 or -0.</summary>
    public bool IsZero { get; private set; } = true;

    /// <summary>Every value so far is finite.</summary>
    public bool IsFinite => First == long.MaxValue;

    /// <summary>True if values of the dtype can be scanned.</summary>
    public static bool CanRead(TensorDtype dtype) => dtype is TensorDtype.F32 or TensorDtype.F16 or TensorDtype.BF16;

    /// <summary>Scans little-endian values, of which the first has the index <paramref name="start"/>.</summary>
    public void Add(TensorDtype dtype, ReadOnlySpan<byte> bytes, long start)
    {
        switch (dtype)
        {
            case TensorDtype.F32: Scan(MemoryMarshal.Cast<byte, uint>(bytes), 0x7FFFFFFFu, 0x7F800000u, start); break;
            case TensorDtype.F16: Scan(MemoryMarshal.Cast<byte, ushort>(bytes), (ushort)0x7FFF, (ushort)0x7C00, start); break;
            case TensorDtype.BF16: Scan(MemoryMarshal.Cast<byte, ushort>(bytes), (ushort)0x7FFF, (ushort)0x7F80, start); break;
            default: throw new ArgumentOutOfRangeException(nameof(dtype), dtype, "not a float of 16 or 32 bits");
        }
    }

    /// <summary>Takes in what another scan found elsewhere in the same tensor.</summary>
    public void Add(FiniteScan other)
    {
        NanCount += other.NanCount;
        InfinityCount += other.InfinityCount;
        First = Math.Min(First, other.First);
        IsZero &= other.IsZero;
    }

    /// <summary>
    /// Without its sign a float orders like its bits: zero is 0, infinity is <paramref name="infinity"/>, and what lies
    /// above is not a number. So the largest of a block tells whether it has to be looked at value by value.
    /// </summary>
    private void Scan<T>(ReadOnlySpan<T> values, T withoutSign, T infinity, long start)
        where T : unmanaged, IBinaryInteger<T>
    {
        for (var offset = 0; offset < values.Length; offset += BlockElements)
        {
            var block = values[offset..Math.Min(values.Length, offset + BlockElements)];
            var largest = Largest(block, withoutSign);
            IsZero &= largest == T.Zero;
            if (largest >= infinity)
                Count(block, withoutSign, infinity, start + offset);
        }
    }

    private void Count<T>(ReadOnlySpan<T> block, T withoutSign, T infinity, long start)
        where T : unmanaged, IBinaryInteger<T>
    {
        for (var i = 0; i < block.Length; i++)
        {
            var value = block[i] & withoutSign;
            if (value < infinity)
                continue;
            First = Math.Min(First, start + i);
            if (value == infinity)
                InfinityCount++;
            else
                NanCount++;
        }
    }

    private static T Largest<T>(ReadOnlySpan<T> block, T withoutSign)
        where T : unmanaged, IBinaryInteger<T>
    {
        var largest = T.Zero;
        var i = 0;
        if (block.Length >= Vector<T>.Count)
        {
            var mask = new Vector<T>(withoutSign);
            var lanes = Vector<T>.Zero;
            for (; i <= block.Length - Vector<T>.Count; i += Vector<T>.Count)
                lanes = Vector.Max(lanes, new Vector<T>(block[i..]) & mask);
            for (var lane = 0; lane < Vector<T>.Count; lane++)
                largest = T.Max(largest, lanes[lane]);
        }
        for (; i < block.Length; i++)
            largest = T.Max(largest, block[i] & withoutSign);
        return largest;
    }
}
