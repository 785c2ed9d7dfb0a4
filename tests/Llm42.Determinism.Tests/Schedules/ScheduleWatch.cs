using Llm42.Core.Engine;
using Llm42.Core.KvCache;
using Llm42.Core.Requests;
using Llm42.Core.Scheduling;
using Llm42.Core.Tests;

namespace Llm42.Determinism.Tests.Schedules;

/// <summary>Counts what happens in a run.</summary>
internal sealed class ScheduleWatch(Schedule schedule, PlantedExecutor executor, Coverage coverage)
{
    private readonly Dictionary<Sequence, Window> _windows = [];
    private readonly Dictionary<Sequence, int> _drafts = [];
    private readonly Dictionary<Sequence, int> _published = [];
    private readonly Dictionary<Sequence, int> _hits = [];
    private readonly Dictionary<Sequence, int> _chained = [];
    private long _evictions;

    /// <summary>Before the scheduler decides on a step.</summary>
    public void BeforeStep(Simulation simulation)
    {
        _drafts.Clear();
        foreach (Sequence sequence in simulation.Scheduler.Running)
            _drafts.Add(sequence, sequence.Drafts.Count);
        _evictions = simulation.Scheduler.Pool.EvictionCount;
    }

    /// <summary>Before a step runs.</summary>
    public void Planned(Simulation simulation, BatchPlan plan)
    {
        foreach (Sequence sequence in simulation.Scheduler.Waiting)
        {
            if (!_drafts.TryGetValue(sequence, out int drafts))
                continue;
            coverage.Count(ScheduleEvent.Preemption);
            coverage.Count(ScheduleEvent.PreemptionWithDrafts, drafts > 0);
        }

        coverage.Count(ScheduleEvent.Eviction, _drafts.Count > 0, (int)(simulation.Scheduler.Pool.EvictionCount - _evictions));
        coverage.Count(ScheduleEvent.PageCopy, times: plan.Copies.Count);
        coverage.Count(ScheduleEvent.FusedStep, plan.Segments.DistinctBy(s => s.Kind).Count() == 3);
        coverage.Count(ScheduleEvent.GroupOfWindows, plan.Segments.Count(s => s.Kind == SegmentKind.Verify && s.Rows > 1) > 1);

        coverage.Count(ScheduleEvent.Chain, plan.Steps > 1);
        coverage.Count(ScheduleEvent.OtherWeights, plan.UsesDraftWeights);
        Assert.IsTrue(
            !plan.UsesDraftWeights || plan.Segments.All(s => s.Kind == SegmentKind.Decode && s.Sequence.Request.IsDeterministic),
            "another form of the weights than the model's predicts what is not a draft");

        _chained.Clear();
        _windows.Clear();
        _published.Clear();
        foreach (BatchSegment segment in plan.Segments)
        {
            Sequence sequence = segment.Sequence;
            _published.Add(sequence, sequence.PublishedPages);
            if (plan.Steps > 1)
                _chained.Add(sequence, LengthOf(sequence) + plan.Steps);
            if (segment.Kind == SegmentKind.Verify && sequence.Drafts.Count > 0)
                _windows.Add(sequence, Window.Of(sequence));
            coverage.Count(
                ScheduleEvent.CommittedWithoutDraft,
                segment.Kind == SegmentKind.Decode && sequence.Request.IsDeterministic && !PlantedExecutor.IsDraft(plan, segment));
            CountHit(sequence);
        }
    }

    /// <summary>After predictions were applied.</summary>
    public void Applied()
    {
        foreach ((Sequence sequence, int length) in _chained)
            coverage.Count(ScheduleEvent.ChainCut, LengthOf(sequence) < length);
        foreach ((Sequence sequence, Window window) in _windows)
        {
            int drafts = window.Drafts.Length;
            int rolledBack = sequence.Statistics.TokensRolledBack - window.RolledBack;
            int committed = sequence.CommittedCount - window.Committed;
            coverage.Count(
                ScheduleEvent.LookedUp, schedule.Options.Drafter == DrafterKind.Ngram, Math.Min(committed, drafts - rolledBack));
            coverage.Count(ScheduleEvent.WindowCutByStop, sequence.FinishReason == FinishReason.Stop && committed < drafts - rolledBack + 1);
            coverage.Count(ScheduleEvent.WindowCutByLength, sequence.FinishReason == FinishReason.Length && drafts < schedule.Options.Window);
            if (rolledBack == 0)
                continue;

            int place = drafts - rolledBack;
            coverage.CountRollbackAt(schedule.Options.Window, place);
            bool isNatural = schedule.Options.SkipMismatch == 100 && window.Drafts[place] == executor.DraftedFor(sequence)[place].TokenId;
            if (isNatural)
                coverage.CountNaturalRollback(schedule.Model.Name);
            coverage.Count(isNatural ? ScheduleEvent.NaturalRollback : ScheduleEvent.ForcedRollback);
            coverage.Count(ScheduleEvent.StopTakenBack, window.MayFinish && sequence.FinishReason != FinishReason.Stop);
            int first = window.Computed / schedule.PageSize, last = (window.Computed + drafts) / schedule.PageSize;
            coverage.Count(ScheduleEvent.RollbackOverPageEdge, (sequence.ComputedLength / schedule.PageSize) < last && first < last);
        }
    }

    /// <summary>After full pages were published.</summary>
    public void Completed(Simulation simulation)
    {
        foreach ((Sequence sequence, int before) in _published)
        {
            long parent = PrefixIndex.Root;
            for (int block = 0; block < sequence.PublishedPages; block++)
            {
                int[] tokens = [.. sequence.Tokens.Skip(block * schedule.PageSize).Take(schedule.PageSize)];
                if (simulation.Scheduler.Pool.Find(parent, tokens) is not { } entry)
                    break;
                coverage.Count(ScheduleEvent.PageFilledTwice, block >= before && entry.Page != sequence.Blocks.Pages[block]);
                parent = entry.Id;
            }
        }
    }

    /// <summary>Before a sequence is cancelled.</summary>
    public void Cancelling(Sequence sequence)
    {
        coverage.Count(ScheduleEvent.Cancellation);
        coverage.Count(ScheduleEvent.CancellationWithDrafts, sequence.Drafts.Count > 0);
    }

    private static int LengthOf(Sequence sequence) => sequence.Tokens.Count + sequence.Drafts.Count;

    private void CountHit(Sequence sequence)
    {
        int cached = sequence.Statistics.CachedTokens;
        if (cached == 0 || !_hits.TryAdd(sequence, cached))
            return;
        coverage.Count(ScheduleEvent.CacheHit);
        coverage.Count(ScheduleEvent.FullPromptHit, cached == sequence.PromptLength - 1);
        coverage.Count(ScheduleEvent.PartialPageHit, cached % schedule.PageSize != 0);
    }

    /// <summary>A window as it was before its verify pass.</summary>
    private sealed record Window(int[] Drafts, int Committed, int Computed, int RolledBack, bool MayFinish)
    {
        public static Window Of(Sequence sequence) => new(
            [.. sequence.Drafts], sequence.CommittedCount, sequence.ComputedLength,
            sequence.Statistics.TokensRolledBack, sequence.DraftMayFinish);
    }
}
