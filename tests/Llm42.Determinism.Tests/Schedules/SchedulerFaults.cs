using Llm42.Core.Execution;
using Llm42.Core.KvCache;
using Llm42.Core.Requests;
using Llm42.Core.Scheduling;

namespace Llm42.Determinism.Tests.Schedules;

/// <summary>Faults that are planted into sequences between the parts of the engine.</summary>
internal sealed class SchedulerFaults(Mutation mutation, PlantedExecutor executor)
{
    private readonly Dictionary<Sequence, int> _lengths = [];

    /// <summary>Before the scheduler decides on a step.</summary>
    public void BeforeStep(Scheduler scheduler)
    {
        _lengths.Clear();
        if (mutation != Mutation.LengthsKeptAfterPreemption)
            return;
        foreach (Sequence sequence in scheduler.Running)
            _lengths.Add(sequence, sequence.ComputedLength);
    }

    /// <summary>After it has decided.</summary>
    public void Planned(Scheduler scheduler)
    {
        foreach (Sequence sequence in scheduler.Waiting)
        {
            if (_lengths.TryGetValue(sequence, out int length))
                sequence.ComputedLength = sequence.CanonicalLength = length;
        }
    }

    /// <summary>After predictions were applied, before pages are published.</summary>
    public void Applied(BatchPlan plan, Scheduler scheduler)
    {
        foreach (BatchSegment segment in plan.Segments)
        {
            Sequence sequence = segment.Sequence;
            switch (mutation)
            {
                case Mutation.FastPagesShared when !sequence.Request.IsDeterministic:
                    sequence.CanonicalLength = sequence.ComputedLength;
                    break;
                case Mutation.CanonicalLengthPastWindow when segment.Kind == SegmentKind.Verify:
                    sequence.CanonicalLength = sequence.Tokens.Count;
                    break;
                case Mutation.PageNamedByOtherTokens:
                    NameByOtherTokens(sequence, scheduler);
                    break;
                case Mutation.StopDecidedOnDrafts when sequence.DraftMayFinish:
                    CommitDrafts(sequence, executor.DraftedFor(sequence));
                    break;
            }
        }
    }

    /// <summary>After pages were published.</summary>
    public void Completed(BatchPlan plan)
    {
        foreach (BatchSegment segment in plan.Segments)
        {
            if (mutation == Mutation.CanonicalLengthPastWindow && segment.Kind == SegmentKind.Verify)
                segment.Sequence.CanonicalLength = segment.Sequence.ComputedLength;
        }
    }

    private static void NameByOtherTokens(Sequence sequence, Scheduler scheduler)
    {
        PagePool pool = scheduler.Pool;
        Sequence? other = scheduler.Waiting.FirstOrDefault(s => s.Tokens.Count > pool.PageSize);
        if (other is null || sequence.PublishedPages > 0 || sequence.CanonicalLength < pool.PageSize)
            return;
        int[] tokens = [.. other.Tokens.Take(pool.PageSize)];
        sequence.PublishedName = pool.Publish(PrefixIndex.Root, tokens, sequence.Blocks.Pages[0]);
        sequence.PublishedPages = 1;
    }

    private static void CommitDrafts(Sequence sequence, IReadOnlyList<RowPrediction> predictions)
    {
        int[] drafts = [.. sequence.Drafts];
        sequence.ClearDrafts();
        for (int i = 0; i < drafts.Length; i++)
            sequence.AppendCommitted(drafts[i], predictions[i]);
        sequence.FinishReason = FinishReason.Stop;
    }
}
