namespace Llm42.Native.Tests.Comparison;

/// <summary>Comparison with a float64 reference. Only parity tests may use it.</summary>
internal static class ToleranceAssert
{
    /// <summary>Fails with the first coordinate that is further from its reference than its own tolerance.</summary>
    public static void AreClose(
        ReadOnlySpan<double> expected, ReadOnlySpan<float> actual, Func<int, double> tolerance, int width, string context)
    {
        Assert.AreEqual(expected.Length, actual.Length, context);
        for (int i = 0; i < expected.Length; ++i)
        {
            double allowed = tolerance(i);
            if (!(Math.Abs(expected[i] - actual[i]) <= allowed) && expected[i] != actual[i])
            {
                Assert.Fail(
                    $"{context}: [{i / width}, {i % width}] is {actual[i]:R}, expected {expected[i]:R} within {allowed:R}");
            }
        }
    }
}
