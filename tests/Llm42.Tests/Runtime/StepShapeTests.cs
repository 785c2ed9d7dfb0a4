using Llm42.Native;
using Llm42.Runtime;

namespace Llm42.Tests.Runtime;

/// <summary>Shapes that steps are rounded up to, so that few graphs serve many steps.</summary>
[TestClass]
public sealed class StepShapeTests
{
    private const int MaxRows = 1024;

    [TestMethod]
    [DataRow(1, 1, 1)]
    [DataRow(3, 4, 4)]
    [DataRow(5, 8, 8)]
    [DataRow(9, 16, 16)]
    [DataRow(20, 24, 24)]
    [DataRow(64, 64, 64)]
    [DataRow(65, 80, 80)]
    [DataRow(300, 320, 320)]
    public void Decode_rows_have_a_sequence_each(int rows, int usualRows, int usualSequences)
    {
        StepShape usual = Decode(rows).ToUsual(MaxRows);
        Assert.AreEqual(usualRows, usual.Rows);
        Assert.AreEqual(usualRows, usual.PredictedRows);
        Assert.AreEqual(usualSequences, usual.Sequences);
    }

    [TestMethod]
    public void A_usual_shape_holds_the_step_and_is_its_own()
    {
        for (int sequences = 1; sequences <= 40; sequences++)
        {
            for (int rows = sequences; rows <= 900; rows += 7)
            {
                StepShape shape = Decode(rows) with { Sequences = sequences, MaxBlocks = 1 + (rows % 9) };
                StepShape usual = shape.ToUsual(MaxRows);
                Assert.IsGreaterThanOrEqualTo(rows, usual.Rows);
                Assert.IsGreaterThanOrEqualTo(shape.MaxBlocks, usual.MaxBlocks);
                // Rows that only fill the shape are in a sequence of their own.
                Assert.IsGreaterThanOrEqualTo(sequences + (usual.Rows > rows ? 1 : 0), usual.Sequences, $"{rows} rows, {sequences} sequences");
                Assert.IsLessThanOrEqualTo(usual.Rows, usual.Sequences, $"{rows} rows, {sequences} sequences");
                Assert.AreEqual(usual, usual.ToUsual(MaxRows));
            }
        }
    }

    [TestMethod]
    public void Few_shapes_serve_all_batches_of_a_size() =>
        Assert.IsLessThanOrEqualTo(14, Enumerable.Range(1, 64).Select(rows => Decode(rows).ToUsual(MaxRows)).Distinct().Count());

    [TestMethod]
    public void What_is_too_large_or_not_all_predicted_stays_as_it_is()
    {
        foreach (StepShape shape in (StepShape[])[Decode(61), Decode(9) with { Steps = 7 }, Decode(9) with { PredictedRows = 1 }])
            Assert.AreEqual(shape, shape.ToUsual(63));
    }

    private static StepShape Decode(int rows) => new(
        Numerics.Fast, Rows: rows, Sequences: rows, MaxBlocks: 1, PredictedRows: rows, Steps: 1, Top: 0);
}
