using Llm42.Core.Execution;

namespace Llm42.Core.Scheduling;

/// <summary>
/// One ragged batch, and one numerics for all of it. A scheduler's plan is valid until it makes the next one, for which it
/// uses the same memory.
/// </summary>
/// <param name="Segments">One or more, each of another sequence.</param>
/// <param name="Numerics">What every kernel of the step runs under.</param>
/// <param name="PaddedRows">
/// Rows to launch, dummy rows included, when the shape must not vary (fixed-shape verification); 0 launches just
/// the rows of the segments.
/// </param>
public sealed record BatchPlan(IReadOnlyList<BatchSegment> Segments, Numerics Numerics, int PaddedRows = 0)
{
    private Numerics _numerics = Numerics;
    private IReadOnlyList<PageCopy> _copies = [];
    private int _steps = 1;
    private bool _usesDraftWeights;

    /// <summary>What every kernel of the step runs under.</summary>
    public Numerics Numerics
    {
        get => _numerics;
        init => _numerics = value;
    }

    /// <summary>Pages to copy, in this order, before anything runs.</summary>
    public IReadOnlyList<PageCopy> Copies
    {
        get => _copies;
        init => _copies = value;
    }

    /// <summary>
    /// How often the rows run, 1 or more, each time one position further and on the token that was predicted the time
    /// before, without the host in between. More than 1 only where all segments decode.
    /// </summary>
    public int Steps
    {
        get => _steps;
        init => _steps = value;
    }

    /// <summary>
    /// The rows run through the executor's draft weights (<see cref="ExecutorInfo.HasDraftWeights"/>). Only where all
    /// segments are decode rows of deterministic sequences: what is predicted is drafted, and never committed unverified.
    /// </summary>
    public bool UsesDraftWeights
    {
        get => _usesDraftWeights;
        init => _usesDraftWeights = value;
    }

    /// <summary>Rows of all segments.</summary>
    public int Rows { get; private set; } = Segments.Sum(segment => segment.Rows);

    /// <summary>Predicted rows of all segments.</summary>
    public int PredictedRows { get; private set; } = Segments.Sum(segment => segment.PredictedRows);

    /// <summary>Some of its rows are of prompts.</summary>
    internal bool HasPrefill
    {
        get
        {
            for (int i = 0; i < Segments.Count; i++)
            {
                if (Segments[i].Kind == SegmentKind.Prefill)
                    return true;
            }

            return false;
        }
    }

    /// <summary>Makes it the plan of another step, once its segments are those of that step.</summary>
    internal void Reuse(Numerics numerics, int steps, bool usesDraftWeights)
    {
        _numerics = numerics;
        _steps = steps;
        _usesDraftWeights = usesDraftWeights;
        Rows = 0;
        PredictedRows = 0;
        for (int i = 0; i < Segments.Count; i++)
        {
            Rows += Segments[i].Rows;
            PredictedRows += Segments[i].PredictedRows;
        }
    }

    /// <summary>Sets <see cref="Copies"/>.</summary>
    internal void CopyFirst(IReadOnlyList<PageCopy> copies) => _copies = copies;
}
