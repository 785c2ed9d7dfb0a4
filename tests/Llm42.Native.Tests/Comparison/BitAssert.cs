using System.Runtime.InteropServices;

namespace Llm42.Native.Tests.Comparison;

/// <summary>Comparison of matrices bit for bit.</summary>
internal static class BitAssert
{
    /// <summary>Fails with the first coordinate whose bits differ.</summary>
    public static void AreEqual(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, int width, string context)
    {
        Assert.AreEqual(expected.Length, actual.Length, context);
        int first = FirstDifference(expected, actual);
        if (first >= 0)
        {
            int differing = Count(expected, actual);
            Assert.Fail(
                $"{context}: [{first / width}, {first % width}] is {Describe(actual[first])}, expected " +
                $"{Describe(expected[first])}; {differing} of {expected.Length} elements differ");
        }
    }

    /// <summary>Fails if all bits are equal: the negative control of <see cref="AreEqual"/>.</summary>
    public static void AreNotEqual(ReadOnlySpan<float> first, ReadOnlySpan<float> second, string context) =>
        Assert.IsGreaterThanOrEqualTo(0, FirstDifference(first, second), $"{context}: all {first.Length} elements are equal");

    private static int FirstDifference(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        int common = MemoryMarshal.Cast<float, int>(expected)
            .CommonPrefixLength(MemoryMarshal.Cast<float, int>(actual));
        return common == expected.Length ? -1 : common;
    }

    private static int Count(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        int count = 0;
        for (int i = 0; i < expected.Length; ++i)
        {
            count += BitConverter.SingleToInt32Bits(expected[i]) != BitConverter.SingleToInt32Bits(actual[i]) ? 1 : 0;
        }

        return count;
    }

    private static string Describe(float value) => $"{value:R} (0x{BitConverter.SingleToUInt32Bits(value):x8})";
}
