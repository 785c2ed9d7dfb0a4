using Llm42.Core.Requests;

namespace Llm42.Core.Scheduling;

/// <summary>Consecutive rows of one sequence in a step.</summary>
/// <param name="Sequence">Whose rows; row r holds token <c>Sequence.TokenAt(FirstPosition + r)</c>.</param>
/// <param name="Kind">Why it takes part.</param>
/// <param name="FirstPosition">Position of the first row.</param>
/// <param name="Rows">Number of rows, 1 or more.</param>
/// <param name="FirstPredictedRow">Rows from this one on are predicted; equal to <paramref name="Rows"/> for none.</param>
public readonly record struct BatchSegment(
    Sequence Sequence, SegmentKind Kind, int FirstPosition, int Rows, int FirstPredictedRow)
{
    /// <summary>How many rows are predicted.</summary>
    public int PredictedRows => Rows - FirstPredictedRow;
}
