using Llm42.Native.Tests.Devices;

namespace Llm42.Native.Tests.Comparison;

/// <summary>The claim of invariant numerics: a row has the same bits in every batch and at every place in it.</summary>
internal static class RowInvariance
{
    /// <summary>
    /// Runs every row alone, then batches of many sizes that begin at different rows and one shuffled batch, and
    /// compares bit for bit. <paramref name="run"/> computes the rows that it is given, in that order.
    /// </summary>
    public static void Assert(int rows, int width, string context, Func<IReadOnlyList<int>, float[]> run)
    {
        float[] alone = new float[rows * width];
        for (int r = 0; r < rows; ++r)
        {
            run([r]).CopyTo(alone, r * width);
        }

        foreach (int count in TestData.RowCounts.Where(count => count <= rows))
        {
            int first = count * 37 % rows;
            int[] batch = [.. Enumerable.Range(0, count).Select(i => (first + i) % rows)];
            BitAssert.AreEqual(
                TestData.Rows(alone, width, batch), run(batch), width, $"{context}, {count} rows from row {first}");
        }

        int[] shuffled = TestData.Permutation(rows, seed: rows + width);
        BitAssert.AreEqual(TestData.Rows(alone, width, shuffled), run(shuffled), width, $"{context}, shuffled");
    }
}
