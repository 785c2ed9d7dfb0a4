using Llm42.Core.Engine;
using Llm42.Core.Execution;
using Llm42.Core.KvCache;
using Llm42.Core.Requests;
using Llm42.Core.Verification;

namespace Llm42.Core.Scheduling;

/// <summary>
/// Decides which rows run next: admits waiting sequences, gives and takes KV pages, forms one ragged batch per step
/// under the token budget. Never looks at logits.
/// </summary>
public sealed class Scheduler
{
    private readonly ExecutorInfo _info;
    private readonly EngineOptions _options;
    private readonly DraftingPolicy _drafting;
    private readonly PagePool _pool;
    private readonly PrefixCache? _prefixCache;
    private readonly List<Sequence> _waiting = [];
    private readonly List<Sequence> _running = [];
    private readonly List<Sequence> _preempted = [];

    // Of the step that is planned; kept, so that planning allocates nothing.
    private readonly List<BatchSegment> _segments = [];
    private readonly StepSequences _sequences = new();
    private readonly BatchPlan _plan;
    private long _step;
    private bool _mayDraft = true;

    /// <summary>A scheduler with all KV pages of the executor free.</summary>
    /// <param name="info">The executor.</param>
    /// <param name="options">Policy of the engine.</param>
    /// <param name="history">The verifier's notes on drafts, to adapt to; null for none.</param>
    public Scheduler(ExecutorInfo info, EngineOptions options, DraftHistory? history = null)
    {
        options.Validate();
        if (options.Drafter == DrafterKind.Int8Weights && !info.HasDraftWeights)
            throw new ArgumentException("Drafter is Int8Weights, but the executor has no int8 copy of the weights to draft with; make it Same, Ngram or None.");
        _info = info;
        _options = options;
        _plan = new BatchPlan(_segments, Numerics.Fast);
        _drafting = DraftingPolicy.Of(options, info, history ?? new DraftHistory());
        _pool = new PagePool(info.PageCount, info.PageSize);
        _prefixCache = options.PrefixCache != false && !IsFixedShape ? new PrefixCache(_pool) : null;
    }

    /// <summary>Sequences that hold or have held pages and are not finished, oldest first.</summary>
    public IReadOnlyList<Sequence> Running => _running;

    /// <summary>Sequences that hold no pages, oldest first.</summary>
    public IReadOnlyList<Sequence> Waiting => _waiting;

    /// <summary>Sequences that the last call of <see cref="Next"/> took the pages from.</summary>
    public IReadOnlyList<Sequence> Preempted => _preempted;

    /// <summary>The KV pages.</summary>
    public PagePool Pool => _pool;

    private bool DraftsWithOtherWeights => _options.Drafter == DrafterKind.Int8Weights;

    private bool IsFixedShape => _options.Verifier == VerifierKind.FixedShape;

    /// <summary>
    /// Most tokens that a request may generate here. Throws an <see cref="ArgumentException"/> for a request that can
    /// never run.
    /// </summary>
    public int TokenLimitOf(GenerationRequest request)
    {
        int prompt = request.PromptIds.Count;
        int least = Math.Min(1, request.MaxTokens);
        if (prompt + least > _info.MaxContext)
            throw new ArgumentException(
                $"The prompt has {prompt} tokens; the context holds {_info.MaxContext}, and the answer needs one. Shorten the prompt.");

        int limit = Math.Min(request.MaxTokens, _info.MaxContext - prompt);
        int pages = _pool.PagesFor(prompt + limit);
        if (pages > _pool.PageCount)
            throw new ArgumentException(
                $"{prompt} prompt and {limit} answer tokens need {pages} KV pages of {_pool.PageSize}; the cache has {_pool.PageCount}. Ask for fewer tokens, or make the cache larger.");
        if (IsFixedShape && request.IsDeterministic && prompt > _options.MaxBatchTokens)
            throw new ArgumentException(
                $"The prompt has {prompt} tokens; the fixed-shape verifier prefills it in one step of at most {_options.MaxBatchTokens}. Raise MaxBatchTokens, or use the invariant verifier.");
        return limit;
    }

    /// <summary>Queues a sequence.</summary>
    public void Add(Sequence sequence) => Enqueue(sequence);

    /// <summary>Forgets a sequence that finished or was cancelled, and frees its pages.</summary>
    public void Remove(Sequence sequence)
    {
        _pool.ReleaseAll(sequence.Blocks);
        if (!_running.Remove(sequence))
            _waiting.Remove(sequence);
    }

    /// <summary>The next step's batch, valid until the next call; null if there is no sequence.</summary>
    public BatchPlan? Next()
    {
        _step++;
        _preempted.Clear();
        _prefixCache?.BeginStep();
        Admit();
        if (_running.Count == 0)
        {
            _segments.Clear();
            _sequences.Clear();
            return null;
        }

        BatchPlan plan = IsFixedShape && NextFixedShape() is { } alone ? alone : NextRagged();
        if (_prefixCache is not null)
            plan.CopyFirst(_prefixCache.Copies);
        return plan;
    }

    /// <summary>Takes note of what a step computed; to be called once it has been applied, before anything is removed.</summary>
    /// <param name="plan">The step.</param>
    /// <param name="elapsed">What it took; zero for unknown.</param>
    public void Complete(BatchPlan plan, TimeSpan elapsed = default)
    {
        _drafting.Observe(plan, elapsed);
        if (_prefixCache is null)
            return;
        for (int i = 0; i < plan.Segments.Count; i++)
            _prefixCache.Publish(plan.Segments[i].Sequence);
    }

    /// <summary>Ends the hold on what the last step copied; to be called when no step follows.</summary>
    internal void End() => _prefixCache?.BeginStep();

    /// <summary>
    /// Throws an <see cref="InvalidOperationException"/> if the bookkeeping of pages, lengths or drafts is inconsistent.
    /// To be called between steps.
    /// </summary>
    public void CheckIntegrity() =>
        new IntegrityCheck(_pool, _options).Run(_running, _waiting, _prefixCache?.HeldSources ?? []);

    private void Admit()
    {
        while (_waiting.Count > 0 && _running.Count < _options.MaxSequences)
        {
            Sequence sequence = _waiting[0];
            bool reserve = IsFixedShape && sequence.Request.IsDeterministic;
            int positions = reserve
                ? sequence.PromptLength + sequence.TokenLimit
                : Math.Min(sequence.Tokens.Count + 1, sequence.PromptLength + sequence.TokenLimit);

            // Pages that others own already cost nothing. A page of headroom for each running sequence keeps a
            // newcomer from being preempted at once.
            bool mustRun = sequence.Request.ScorePrompt || sequence.Request.CaptureLayers; // every row, to be seen
            PrefixCache? prefixCache = mustRun ? null : _prefixCache;
            List<PrefixIndex.Entry> matched = prefixCache?.Match(sequence) ?? [];
            int shared = matched.Count(entry => _pool.OwnersOf(entry.Page) > 0);
            if (_pool.AvailableCount < _pool.PagesFor(positions) - shared + _running.Count)
                return;
            _waiting.RemoveAt(0);
            InsertByAge(_running, sequence);
            prefixCache?.Adopt(sequence, matched);
            if (reserve && !TryGrow(sequence, positions))
                throw new InvalidOperationException($"Sequence {sequence.Id} was admitted without the pages it needs.");
        }
    }

    /// <summary>Decode rows first, then verify windows, then prefill with what the budget leaves.</summary>
    private BatchPlan NextRagged()
    {
        _segments.Clear();
        _sequences.Fill(_running, IsFixedShape);
        TakeWindows();
        int budget = _options.MaxBatchTokens;
        foreach (Sequence sequence in _sequences.Decoding)
        {
            if (!IsReadyToVerify(sequence))
                Plan(sequence, SegmentKind.Decode);
            else if (!IsFixedShape)
                Plan(sequence, SegmentKind.Verify);
        }

        int verified = 0;
        foreach (Sequence sequence in _sequences.Windows)
        {
            if (verified == _drafting.VerifyGroup || sequence.Drafts.Count + 1 > budget)
                break;
            if (Plan(sequence, SegmentKind.Verify))
                verified++;
        }

        foreach (Sequence sequence in _sequences.Prefills)
        {
            if (budget == 0)
                break;
            Plan(sequence, SegmentKind.Prefill);
        }

        if (_segments.Count == 0)
            throw new InvalidOperationException($"{_running.Count} sequences run, but none has a row for step {_step}.");
        if (_segments.Exists(segment => segment.Kind != SegmentKind.Decode))
            _plan.Reuse(Numerics.Invariant, steps: 1, usesDraftWeights: false);
        else
            _plan.Reuse(
                Numerics.Fast,
                ChainSteps(),
                DraftsWithOtherWeights && _segments.Exists(segment => segment.Sequence.Request.IsDeterministic));
        return _plan;

        bool Plan(Sequence sequence, SegmentKind kind)
        {
            // Making room for an older sequence may have cost this one its pages.
            if (!_running.Contains(sequence))
                return false;
            BatchSegment segment = SegmentOf(sequence, kind, budget);
            if (!TryGrow(sequence, segment.FirstPosition + segment.Rows))
                return false;
            _segments.Add(segment);
            budget = _options.MaxBatchTokens;
            foreach (BatchSegment planned in _segments)
                budget -= planned.Rows;
            return true;
        }
    }

    /// <summary>
    /// How many steps a batch of decode rows may take before somebody has to look at their tokens; gives the sequences
    /// the pages for them, if they are free.
    /// </summary>
    private int ChainSteps()
    {
        int steps = Math.Min(
            _options.ChainedSteps > 0 ? _options.ChainedSteps : _info.ChainedSteps, _options.MaxBatchTokens / _segments.Count);
        foreach (BatchSegment segment in _segments)
            steps = Math.Min(steps, StepsBeforeLook(segment.Sequence));
        while (steps > 1 && PagesMissing(steps) > _pool.AvailableCount)
            steps--;
        foreach (BatchSegment segment in _segments)
        {
            if (!TryGrow(segment.Sequence, segment.FirstPosition + steps))
                throw new InvalidOperationException($"Sequence {segment.Sequence.Id} finds no KV page for {steps} steps.");
        }

        return steps;
    }

    private int PagesMissing(int steps)
    {
        int missing = 0;
        foreach (BatchSegment segment in _segments)
            missing += Math.Max(0, _pool.PagesFor(segment.FirstPosition + steps) - segment.Sequence.Blocks.Pages.Count);
        return missing;
    }

    private int StepsBeforeLook(Sequence sequence)
    {
        // What adjusts or masks logits depends on the tokens before them, which only the host looks at.
        if (sequence.HasAdjustments || sequence.Request.Constraint is not null || sequence.Request.CaptureLayers)
            return 1;
        int left = sequence.TokenLimit - sequence.CommittedCount;
        return sequence.Request.IsDeterministic
            ? Math.Min(_drafting.Window - sequence.Drafts.Count, left - sequence.Drafts.Count - 1)
            : left;
    }

    /// <summary>A pass that must run alone to have its fixed shape; null if none is due.</summary>
    private BatchPlan? NextFixedShape()
    {
        Sequence? prefill = _running.Find(s => s.NeedsPrefill && s.Request.IsDeterministic);
        if (prefill is not null)
            return new BatchPlan([SegmentOf(prefill, SegmentKind.Prefill, int.MaxValue)], Numerics.Fast);

        List<BatchSegment> windows = [.. _running
            .Where(s => !s.NeedsPrefill && IsReadyToVerify(s))
            .OrderBy(s => s.LastVerifiedStep).ThenBy(s => s.Id)
            .Take(_options.VerifyGroup)
            .Select(s => SegmentOf(s, SegmentKind.Verify, int.MaxValue))];
        return windows.Count == 0 ? null : new BatchPlan(windows, Numerics.Fast, _options.FixedShapeRows);
    }

    /// <summary>
    /// Takes the sequences that decode and whose drafts are to be verified for windows, the least recently verified first.
    /// A window without drafts is one row like any other and goes on decoding.
    /// </summary>
    private void TakeWindows()
    {
        if (IsFixedShape)
            return;
        List<Sequence> decoding = _sequences.Decoding;
        int ordinary = 0;
        foreach (Sequence sequence in decoding)
            ordinary += sequence.Request.IsDeterministic ? 0 : 1;
        // A step has one set of weights, and ordinary sequences shall neither wait for the drafts of others nor get
        // tokens of weights that are not theirs.
        _mayDraft = !DraftsWithOtherWeights || ordinary == 0;
        _drafting.BeginStep(_mayDraft ? decoding.Count - ordinary : 0, ordinary);
        Propose();
        bool isInvariant = _sequences.Prefills.Count > 0;
        int kept = 0;
        for (int i = 0; i < decoding.Count; i++)
        {
            Sequence sequence = decoding[i];
            bool isReady = IsReadyToVerify(sequence);
            isInvariant |= isReady;
            if (isReady && sequence.Drafts.Count > 0)
                _sequences.Windows.Add(sequence);
            else
                decoding[kept++] = sequence;
        }

        decoding.RemoveRange(kept, decoding.Count - kept);
        _sequences.SortWindows();
        // What is drafted in an invariant step costs no less than what is verified in it.
        if (_drafting.VerifiesTogether && isInvariant)
            _sequences.TakeUnfinished(_options.MaxBatchTokens);
    }

    /// <summary>Lets the policy propose drafts that need no step, as many as rows and free pages allow.</summary>
    private void Propose()
    {
        int rows = _options.MaxBatchTokens, windows = 0;
        foreach (Sequence sequence in _sequences.Decoding)
        {
            rows -= sequence.Drafts.Count + 1;
            windows += sequence.Drafts.Count > 0 ? 1 : 0;
        }

        foreach (Sequence sequence in _sequences.Decoding)
        {
            if (windows >= _drafting.VerifyGroup || rows <= 0)
                return;
            if (!sequence.Request.IsDeterministic || sequence.Drafts.Count > 0)
                continue;
            // A page for each running sequence is left, so that nobody is preempted for the sake of a guess.
            int pages = Math.Max(0, _pool.AvailableCount - _running.Count);
            long positions = sequence.Blocks.Capacity + ((long)pages * _pool.PageSize);
            int most = (int)Math.Min(
                Math.Min(_options.Window, rows),
                Math.Min(sequence.TokenLimit - sequence.CommittedCount - 1, positions - sequence.ComputedLength - 1));
            if (most <= 0)
                continue;
            _drafting.Propose(sequence, most);
            if (sequence.Drafts.Count == 0)
                continue;
            if (!TryGrow(sequence, sequence.ComputedLength + sequence.Drafts.Count + 1))
                throw new InvalidOperationException($"Sequence {sequence.Id} finds no KV page for {sequence.Drafts.Count} drafts.");
            rows -= sequence.Drafts.Count;
            windows++;
        }
    }

    private bool IsReadyToVerify(Sequence sequence) =>
        sequence.Request.IsDeterministic
        && (!_mayDraft
            || _drafting.IsDue(sequence)
            || sequence.DraftMayFinish
            // The pass commits a token beyond the drafts: nothing is left to draft for.
            || sequence.CommittedCount + sequence.Drafts.Count + 1 >= sequence.TokenLimit);

    private BatchSegment SegmentOf(Sequence sequence, SegmentKind kind, int budget)
    {
        int first = sequence.ComputedLength;
        switch (kind)
        {
            case SegmentKind.Decode:
                return new BatchSegment(sequence, kind, first + sequence.Drafts.Count, 1, 0);
            case SegmentKind.Verify:
                sequence.LastVerifiedStep = _step;
                return new BatchSegment(sequence, kind, first, sequence.Drafts.Count + 1, 0);
            default:
                int pending = sequence.Tokens.Count - first;
                int rows = budget == int.MaxValue ? pending : Math.Min(Math.Min(pending, _options.PrefillChunk), budget);
                int predicted = sequence.Request.ScorePrompt ? 0 : rows == pending ? rows - 1 : rows;
                return new BatchSegment(sequence, kind, first, rows, predicted);
        }
    }

    /// <summary>Gives a sequence pages for its leading positions, preempting others or, at last, itself.</summary>
    private bool TryGrow(Sequence sequence, int positions)
    {
        while (sequence.Blocks.Capacity < positions)
        {
            if (_pool.TryTake(out int page))
            {
                sequence.Blocks.Append(page);
                continue;
            }

            Sequence victim = Victim();
            Preempt(victim);
            Unplan(victim);
            if (victim == sequence)
                return false;
        }

        return true;
    }

    private void Unplan(Sequence sequence) => _segments.RemoveAll(segment => segment.Sequence == sequence);

    /// <summary>The youngest ordinary sequence, or the youngest deterministic one if there is no ordinary one.</summary>
    private Sequence Victim() =>
        _running.FindLast(s => !s.Request.IsDeterministic)
        ?? (IsFixedShape ? null : _running[^1])
        ?? throw new InvalidOperationException("No KV page is free and no sequence may be preempted.");

    private void Preempt(Sequence victim)
    {
        // What is dropped is only how the tokens came about: prompt and committed tokens stay and are prefilled again.
        _prefixCache?.Withdraw(victim);
        _pool.ReleaseAll(victim.Blocks);
        victim.ClearDrafts();
        victim.ComputedLength = 0;
        victim.CanonicalLength = 0;
        victim.PublishedPages = 0;
        victim.PublishedName = PrefixIndex.Root;
        victim.Statistics.Preemptions++;
        _preempted.Add(victim);
        _running.Remove(victim);
        Enqueue(victim);
    }

    private void Enqueue(Sequence sequence) => InsertByAge(_waiting, sequence);

    private static void InsertByAge(List<Sequence> list, Sequence sequence)
    {
        int index = list.FindLastIndex(other => other.Id < sequence.Id);
        list.Insert(index + 1, sequence);
    }
}
