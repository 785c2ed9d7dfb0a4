using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Llm42.Gguf;

/// <summary>A block of Q8_0: a factor in f16, then 32 signed bytes.</summary>
internal static class Q8Block
{
    private const int Elements = 32;
    private const int FactorSize = sizeof(ushort);

    // f32 and f16 differ by this in the bias of their exponents, and by 13 bits of fraction.
    private const uint BiasDifference = (127 - 15) << 23;
    private const int FractionDifference = 13;

    // The smallest normal f16, and the first f32 that would round to infinity.
    private const uint SmallestNormal = (127 - 14) << 23;
    private const uint FirstInfinite = 0x477ff000;

    // In f32 the distance of neighbours at 0.5 is the smallest f16, so that adding 0.5 rounds a subnormal.
    private const uint Half = 126 << 23;

    /// <summary>Writes the products as f16, each rounded once, to nearest even.</summary>
    /// <returns>False if a product is beyond f16 or not a number.</returns>
    public static bool TryConvert(ReadOnlySpan<byte> block, Span<ushort> elements)
    {
        var factor = Vector256.Create((float)MemoryMarshal.Read<System.Half>(block));
        var bytes = Vector256.Create(MemoryMarshal.Cast<byte, sbyte>(block.Slice(FactorSize, Elements)));
        var (low, high) = Vector256.Widen(bytes);
        var largest = Vector256<uint>.Zero;
        Convert(low, factor, elements, ref largest);
        Convert(high, factor, elements[(Elements / 2)..], ref largest);
        return Vector256.LessThanAll(largest, Vector256.Create(FirstInfinite));
    }

    private static void Convert(Vector256<short> numbers, Vector256<float> factor, Span<ushort> elements, ref Vector256<uint> largest)
    {
        var (low, high) = Vector256.Widen(numbers);
        Vector256.Narrow(
            ToHalf((Vector256.ConvertToSingle(low) * factor).AsUInt32(), ref largest),
            ToHalf((Vector256.ConvertToSingle(high) * factor).AsUInt32(), ref largest)).CopyTo(elements);
    }

    private static Vector256<uint> ToHalf(Vector256<uint> bits, ref Vector256<uint> largest)
    {
        var sign = bits & Vector256.Create(0x80000000u);
        var magnitude = bits ^ sign;
        largest = Vector256.Max(largest, magnitude);
        var isOdd = (magnitude >>> FractionDifference) & Vector256<uint>.One;
        var normal = (magnitude - Vector256.Create(BiasDifference) + Vector256.Create(0xfffu) + isOdd) >>> FractionDifference;
        var half = Vector256.Create(Half);
        var subnormal = (magnitude.AsSingle() + half.AsSingle()).AsUInt32() - half;
        var isNormal = Vector256.GreaterThanOrEqual(magnitude, Vector256.Create(SmallestNormal));
        return Vector256.ConditionalSelect(isNormal, normal, subnormal) | (sign >>> 16);
    }
}
