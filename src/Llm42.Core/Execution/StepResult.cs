namespace Llm42.Core.Execution;

/// <summary>What one step predicted.</summary>
/// <param name="Predictions">
/// One entry per predicted row of the plan: segments in order, in each the rows from
/// <see cref="Scheduling.BatchSegment.FirstPredictedRow"/> on. Where the plan has more than one step, those of the
/// second follow all those of the first, and so on.
/// </param>
public sealed record StepResult(IReadOnlyList<RowPrediction> Predictions)
{
    /// <summary>
    /// One entry per row of the segments whose request asks for <see cref="Requests.GenerationRequest.CaptureLayers"/>:
    /// segments in order, in each all rows.
    /// </summary>
    public IReadOnlyList<RowHashes> CapturedRows { get; init; } = [];
}
