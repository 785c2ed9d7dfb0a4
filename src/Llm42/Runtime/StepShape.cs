using Llm42.Core.Scheduling;
using Llm42.Native;

namespace Llm42.Runtime;

/// <summary>All that the launches of a step depend on: what differs between two steps of one shape is in buffers.</summary>
/// <param name="Numerics">What the operators run under.</param>
/// <param name="Rows">Rows of the forward pass, dummies included.</param>
/// <param name="Sequences">Sequences, dummies included.</param>
/// <param name="MaxBlocks">Columns of the block tables.</param>
/// <param name="PredictedRows">Rows that logits are computed for, dummies included.</param>
/// <param name="Steps">How often the rows run, each time on the tokens of the time before.</param>
/// <param name="Top">Most likely tokens that are kept of each predicted row.</param>
/// <param name="IsDraft">The rows run through the draft weights.</param>
internal readonly record struct StepShape(
    Native.Numerics Numerics, int Rows, int Sequences, int MaxBlocks, int PredictedRows, int Steps, int Top,
    bool IsDraft = false)
{
    /// <summary>Rows predicted over all steps.</summary>
    public int Predictions => PredictedRows * Steps;

    /// <summary>
    /// Rows that are not predicted can be left out where only the residual stream is left to compute. Under fast numerics
    /// they stay, since the shape may decide how the others are computed.
    /// </summary>
    public bool DropsUnpredictedRows => PredictedRows < Rows && Numerics == Native.Numerics.Invariant;

    /// <summary>The shape of a plan as it is.</summary>
    /// <param name="plan">The step.</param>
    /// <param name="pageSize">Positions per KV page.</param>
    /// <param name="headRows">Rows that logits are computed for at once, at most.</param>
    public static StepShape Of(BatchPlan plan, int pageSize, int headRows)
    {
        int blocks = 1, top = 0;
        for (var i = 0; i < plan.Segments.Count; i++)
        {
            var segment = plan.Segments[i];
            blocks = Math.Max(blocks, BlocksOf(segment, plan.Steps, pageSize));
            if (segment.PredictedRows > 0)
                top = Math.Max(top, segment.Sequence.Request.TopLogprobs);
        }
        var rows = Math.Max(plan.Rows, plan.PaddedRows);
        var sequences = plan.Segments.Count + (rows > plan.Rows ? 1 : 0);

        // Where the shape must not vary, the head is launched at one shape too, for a last short part as well.
        var predicted = plan.PaddedRows == 0
            ? plan.PredictedRows
            : RoundUp(plan.PredictedRows, Math.Min(headRows, plan.PaddedRows));
        return new StepShape(NumericsOf(plan), rows, sequences, blocks, predicted, plan.Steps, top, plan.UsesDraftWeights);
    }

    /// <summary>
    /// A shape that many steps have, a little larger than this one; this one itself if it would be too large. For steps
    /// all of whose rows are predicted.
    /// </summary>
    /// <param name="maxRows">Most rows of a pass, and most predictions of all its steps.</param>
    public StepShape ToUsual(int maxRows)
    {
        var rows = UsualCount(Rows);
        if (rows * Steps > maxRows || Rows != PredictedRows)
            return this;
        var sequences = Math.Min(RoundUpToPower(Sequences + (rows > Rows ? 1 : 0)), rows);
        return this with { Rows = rows, Sequences = sequences, MaxBlocks = RoundUpToPower(MaxBlocks), PredictedRows = rows };
    }

    /// <summary>Blocks that a segment's last row reads.</summary>
    public static int BlocksOf(BatchSegment segment, int steps, int pageSize) =>
        ((segment.FirstPosition + segment.Rows + steps - 2) / pageSize) + 1;

    // Twice as dense as the tiles of the kernels, so that little is computed for nothing.
    private static int UsualCount(int rows) => rows switch
    {
        <= 8 => RoundUpToPower(rows),
        <= 64 => RoundUp(rows, 8),
        <= 256 => RoundUp(rows, 16),
        _ => RoundUp(rows, 64),
    };

    private static int RoundUp(int value, int multiple) => (value + multiple - 1) / multiple * multiple;

    private static int RoundUpToPower(int value) => (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)value);

    private static Native.Numerics NumericsOf(BatchPlan plan) => plan.Numerics switch
    {
        Core.Execution.Numerics.Fast => Native.Numerics.Fast,
        Core.Execution.Numerics.Invariant => Native.Numerics.Invariant,
        _ => throw new ArgumentOutOfRangeException(nameof(plan), plan.Numerics, "unknown numerics"),
    };
}
