using Llm42.Core.Execution;

namespace Llm42.Core.Scheduling;

/// <summary>One ragged batch, and one numerics for all of it.</summary>
/// <param name="Segments">One or more, each of another sequence.</param>
/// <param name="Numerics">What every kernel of the step runs under.</param>
/// <param name="PaddedRows">
/// Rows to launch, dummy rows included, when the shape must not vary (fixed-shape verification); 0 launches just
/// the rows of the segments.
/// </param>
public sealed record BatchPlan(IReadOnlyList<BatchSegment> Segments, Numerics Numerics, int PaddedRows = 0)
{
    /// <summary>Pages to copy, in this order, before anything runs.</summary>
    public IReadOnlyList<PageCopy> Copies { get; init; } = [];

    /// <summary>
    /// How often the rows run, 1 or more, each time one position further and on the token that was predicted the time
    /// before, without the host in between. More than 1 only where all segments decode.
    /// </summary>
    public int Steps { get; init; } = 1;

    /// <summary>
    /// The rows run through the executor's draft weights (<see cref="ExecutorInfo.HasDraftWeights"/>). Only where all
    /// segments are decode rows of deterministic sequences: what is predicted is drafted, and never committed unverified.
    /// </summary>
    public bool UsesDraftWeights { get; init; }

    /// <summary>Rows of all segments.</summary>
    public int Rows { get; } = Segments.Sum(segment => segment.Rows);

    /// <summary>Predicted rows of all segments.</summary>
    public int PredictedRows { get; } = Segments.Sum(segment => segment.PredictedRows);
}
