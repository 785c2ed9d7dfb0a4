using Llm42.Core.Engine;
using Llm42.Core.Execution;
using Llm42.Core.Requests;
using Llm42.Core.Scheduling;

namespace Llm42.Determinism.Tests.Schedules;

/// <summary>
/// An executor whose drafts are sometimes changed, as a worse drafter's would be, and around which faults can be
/// planted. What is not a draft passes unchanged unless a fault says otherwise.
/// </summary>
internal sealed class PlantedExecutor(IModelExecutor inner, Schedule schedule, Mutation mutation) : IModelExecutor
{
    private readonly List<PageCopy> _lateCopies = [];
    private readonly Dictionary<int, int> _writtenInstead = [];
    private readonly List<(List<int> Table, int Block, int Page)> _redirected = [];
    private readonly Dictionary<long, List<RowPrediction>> _drafted = [];

    public ExecutorInfo Info => inner.Info;

    /// <summary>Whether the draft at a place of a sequence's window was changed.</summary>
    public bool IsFlipped(Sequence sequence, int place) =>
        _drafted[sequence.Id][place].TokenId != sequence.Drafts[place];

    /// <summary>What the decode steps predicted for the sequence's drafts.</summary>
    public IReadOnlyList<RowPrediction> DraftedFor(Sequence sequence) => _drafted[sequence.Id];

    /// <summary>Whether a row proposes a draft; any other row predicts what is committed.</summary>
    public static bool IsDraft(BatchPlan plan, BatchSegment segment) =>
        segment.Kind == SegmentKind.Decode && segment.Sequence.Request.IsDeterministic
        && !(plan.Numerics == Numerics.Invariant && segment.Sequence.CanonicalLength == segment.FirstPosition);

    public StepResult Execute(BatchPlan plan)
    {
        foreach (BatchSegment segment in plan.Segments)
        {
            // Drafts of a look-up came from no step.
            if (schedule.Options.Drafter == DrafterKind.Ngram && segment.Kind == SegmentKind.Verify)
                _drafted[segment.Sequence.Id] = [.. segment.Sequence.Drafts.Select(id => new RowPrediction(id, 0, 0))];
        }

        RedirectWrites(plan);
        StepResult result = inner.Execute(WithFault(plan));
        RestoreTables();
        foreach (PageCopy copy in _lateCopies)
            inner.CopyPage(copy.Source, copy.Destination);
        _lateCopies.Clear();

        RowPrediction[] predictions = [.. result.Predictions];
        int row = 0;
        for (int step = 0; step < plan.Steps; step++)
        {
            foreach (BatchSegment segment in plan.Segments)
            {
                if (IsDraft(plan, segment))
                    predictions[row] = Draft(segment.Sequence, segment.Sequence.Drafts.Count + step, predictions[row]);
                else if (segment.Kind == SegmentKind.Verify)
                    Misjudge(segment.Sequence, predictions.AsSpan(row, segment.PredictedRows));
                row += segment.PredictedRows;
            }
        }

        return new StepResult(predictions);
    }

    public void CopyPage(int source, int destination)
    {
        if (mutation == Mutation.LatePageCopy)
            _lateCopies.Add(new PageCopy(source, destination));
        else if (mutation == Mutation.SharedPageWritten)
            _writtenInstead[destination] = source;
        else if (mutation != Mutation.SkippedPageCopy)
            inner.CopyPage(source, destination);
    }

    public void Dispose() => inner.Dispose();

    private BatchPlan WithFault(BatchPlan plan) =>
        (mutation == Mutation.FastVerify && plan.Segments.Any(s => s.Kind == SegmentKind.Verify))
        || (mutation == Mutation.FastPrefill && plan.Segments.Any(s => s.Kind == SegmentKind.Prefill))
            ? plan with { Numerics = Numerics.Fast }
            : mutation == Mutation.VerifiedByDraftWeights && plan.Segments.Any(s => s.Kind == SegmentKind.Verify)
                ? plan with { UsesDraftWeights = true }
                : plan;

    private RowPrediction Draft(Sequence sequence, int place, RowPrediction prediction)
    {
        if (!_drafted.TryGetValue(sequence.Id, out List<RowPrediction>? drafted))
            _drafted.Add(sequence.Id, drafted = []);
        // Drafts that were verified or dropped since are forgotten here.
        drafted.RemoveRange(place, drafted.Count - place);
        drafted.Add(prediction);

        int dice = Dice.Roll(schedule.Seed, (int)sequence.Id, sequence.CommittedCount, place);
        if (!schedule.FlippedPlaces.Contains(place) || dice % schedule.FlipOneIn != 0)
            return prediction;
        int[] stops = [.. sequence.Request.StopTokenIds];
        int other = stops.Length > 0 && dice % 2 == 0
            ? stops[0]
            : (prediction.TokenId + 1 + (dice / 64 % (Info.VocabularySize - 1))) % Info.VocabularySize;
        return prediction with { TokenId = other };
    }

    private void Misjudge(Sequence sequence, Span<RowPrediction> predictions)
    {
        if (mutation == Mutation.OneDraftTooManyAccepted)
        {
            for (int i = 0; i < sequence.Drafts.Count; i++)
            {
                if (predictions[i].TokenId == sequence.Drafts[i])
                    continue;
                predictions[i] = predictions[i] with { TokenId = sequence.Drafts[i] };
                return;
            }
        }

        if (mutation == Mutation.DraftLogprobsReported)
        {
            for (int i = 0; i < sequence.Drafts.Count; i++)
            {
                RowPrediction draft = _drafted[sequence.Id][i];
                if (draft.TokenId == predictions[i].TokenId)
                    predictions[i] = predictions[i] with { Logprob = draft.Logprob };
            }
        }
    }

    /// <summary>Puts the shared page into the block tables for the time of a step.</summary>
    private void RedirectWrites(BatchPlan plan)
    {
        if (_writtenInstead.Count == 0)
            return;
        foreach (BatchSegment segment in plan.Segments)
        {
            var table = (List<int>)segment.Sequence.Blocks.Pages;
            for (int block = 0; block < table.Count; block++)
            {
                if (!_writtenInstead.TryGetValue(table[block], out int shared) || table.Contains(shared))
                    continue;
                _redirected.Add((table, block, table[block]));
                table[block] = shared;
            }
        }
    }

    private void RestoreTables()
    {
        foreach ((List<int> table, int block, int page) in _redirected)
            table[block] = page;
        _redirected.Clear();
    }
}
