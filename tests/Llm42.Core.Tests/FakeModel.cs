using Llm42.Core.Execution;
using Llm42.Core.KvCache;
using Llm42.Core.Requests;
using Llm42.Core.Sampling;
using Llm42.Core.Scheduling;

namespace Llm42.Core.Tests;

/// <summary>
/// A model whose canonical answer is a hash of the tokens before it, and which keeps a real paged cache: a row sees
/// what the slots hold, not what the sequence says. Bias and penalties of a row stir its hash, so that the slightest
/// change of them shows. Under fast numerics, or behind keys and values that are not
/// canonical, a prediction flips in one of <see cref="FlipOneIn"/> cases, decided by the shape of the batch.
/// </summary>
internal sealed class FakeModel : IModelExecutor
{
    public const int Vocabulary = 50;

    private readonly Entry[] _slots;
    private readonly int _pageSize;

    public FakeModel(int pageSize = 8, int pages = 4096, int maxContext = 2048, bool fastIsInvariant = false)
    {
        _pageSize = pageSize;
        _slots = new Entry[pages * pageSize];
        Info = new ExecutorInfo(Vocabulary, maxContext, pageSize, pages, fastIsInvariant, "fake-1") { HasDraftWeights = true };
    }

    public ExecutorInfo Info { get; private set; }

    /// <summary>Decode steps that it likes to run at once.</summary>
    public int ChainedSteps
    {
        init => Info = Info with { ChainedSteps = value };
    }

    /// <summary>How rare a flip is where flips can happen.</summary>
    public int FlipOneIn { get; init; } = 12;

    /// <summary>Called with each plan before it runs.</summary>
    public Action<BatchPlan>? OnExecute { get; set; }

    /// <summary>Called with each page copy before it is made.</summary>
    public Action<int, int>? OnCopy { get; set; }

    /// <summary>Where a row's adjustments come from, by the position of the predicted token: the sequence.</summary>
    public Action<Sequence, int, List<LogitAdjustment>> Adjust { get; set; } =
        (sequence, position, adjustments) => sequence.AppendAdjustments(position, adjustments);

    public bool IsDisposed { get; private set; }

    /// <summary>What a deterministic request must answer, whatever happens around it.</summary>
    public static int[] CanonicalAnswer(GenerationRequest request, int limit)
    {
        List<int> answer = [];
        ulong hash = Seed(request);
        foreach (int token in request.PromptIds)
            hash = Fold(hash, token);
        while (answer.Count < limit)
        {
            int next = Predict(Stir(hash, AdjustmentReference.Of(request, answer)));
            answer.Add(next);
            if (request.StopTokenIds.Contains(next))
                break;
            hash = Fold(hash, next);
        }

        return [.. answer];
    }

    public StepResult Execute(BatchPlan plan)
    {
        OnExecute?.Invoke(plan);
        if (plan.Segments.Select(s => s.Sequence).Distinct().Count() != plan.Segments.Count)
            throw new InvalidOperationException("A plan names a sequence twice.");
        if (plan.UsesDraftWeights && plan.Segments.Any(s => s.Kind != SegmentKind.Decode || !s.Sequence.Request.IsDeterministic))
            throw new InvalidOperationException("Draft weights may predict nothing but drafts.");
        int launched = Math.Max(plan.Rows, plan.PaddedRows);

        List<RowPrediction> predictions = [];
        for (int step = 0; step < plan.Steps; step++)
            ExecuteStep(plan, step, launched, predictions);
        return new StepResult(predictions);
    }

    private void ExecuteStep(BatchPlan plan, int step, int launched, List<RowPrediction> predictions)
    {
        if (step > 0 && plan.Segments.Any(segment => segment.Kind != SegmentKind.Decode))
            throw new InvalidOperationException("Only decode rows can run several times in a plan.");

        // Like a forward pass: keys and values of all rows are written before any row reads.
        HashSet<int> written = [];
        int before = predictions.Count - plan.PredictedRows;
        foreach (BatchSegment segment in plan.Segments)
        {
            for (int row = 0; row < segment.Rows; row++)
            {
                int position = segment.FirstPosition + row + step;
                int slot = segment.Sequence.Blocks.SlotOf(position);
                if (!written.Add(slot))
                    throw new InvalidOperationException($"Slot {slot} is written twice in a step.");
                bool exact = IsExact(plan) && PrefixIsCanonical(segment, position);
                int token = step == 0 ? segment.Sequence.TokenAt(position) : predictions[before++].TokenId;
                _slots[slot] = new Entry(token, position, exact);
            }
        }

        foreach (BatchSegment segment in plan.Segments)
        {
            for (int row = segment.FirstPredictedRow; row < segment.Rows; row++)
                predictions.Add(PredictRow(plan, segment, segment.FirstPosition + row + step, launched));
        }
    }

    public void CopyPage(int source, int destination)
    {
        OnCopy?.Invoke(source, destination);
        Array.Copy(_slots, source * _pageSize, _slots, destination * _pageSize, _pageSize);
    }

    public void Dispose() => IsDisposed = true;

    // A fixed shape makes fast kernels repeatable: its verify passes and whole prompts count as exact.
    private static bool IsExact(BatchPlan plan) =>
        plan.Numerics == Numerics.Invariant || plan.PaddedRows > 0
        || (plan.Segments.Count == 1 && plan.Segments[0].Kind == SegmentKind.Prefill);

    private RowPrediction PredictRow(BatchPlan plan, BatchSegment segment, int position, int launched)
    {
        GenerationRequest request = segment.Sequence.Request;
        ulong hash = Seed(request);
        for (int i = 0; i <= position; i++)
        {
            Entry entry = _slots[segment.Sequence.Blocks.SlotOf(i)];
            if (entry.Position != i)
                throw new InvalidOperationException($"Position {position} reads slot of position {i}, which holds position {entry.Position}.");
            hash = Fold(hash, entry.Token);
        }

        List<LogitAdjustment> adjustments = [];
        if (segment.Kind != SegmentKind.Prefill || position + 1 == segment.Sequence.Tokens.Count)
            Adjust(segment.Sequence, position + 1, adjustments);
        int token = Predict(Stir(hash, adjustments));
        bool exact = IsExact(plan) && PrefixIsCanonical(segment, position);
        ulong dice = Fold(Fold(hash, launched), position);
        if (!exact && dice % (ulong)FlipOneIn == 0)
            token = (token + 1) % Vocabulary;
        if (segment.Kind == SegmentKind.Prefill && position + 1 < segment.Sequence.Tokens.Count)
            token = segment.Sequence.Tokens[position + 1];
        return new RowPrediction(token, -(float)(hash % 1000) / 100, 1f);
    }

    private bool PrefixIsCanonical(BatchSegment segment, int position)
    {
        BlockTable blocks = segment.Sequence.Blocks;
        for (int i = 0; i < position; i++)
        {
            // Rows of the same step are written in order, so that an earlier row's entry is up to date.
            if (!_slots[blocks.SlotOf(i)].Canonical)
                return false;
        }

        return true;
    }

    private static ulong Seed(GenerationRequest request) => Fold(request.Sampling.Seed + 17, 0);

    private static ulong Stir(ulong hash, IEnumerable<LogitAdjustment> adjustments)
    {
        foreach (LogitAdjustment adjustment in adjustments)
        {
            hash = Fold(hash, adjustment.TokenId);
            foreach (float value in (ReadOnlySpan<float>)[adjustment.Bias, adjustment.Repetition, adjustment.Penalty])
                hash = Fold(hash, BitConverter.SingleToInt32Bits(value));
        }

        return hash;
    }

    private static int Predict(ulong hash) => (int)(hash >> 33) % Vocabulary;

    private static ulong Fold(ulong hash, int value)
    {
        ulong x = (hash ^ (uint)value) + 0x9E3779B97F4A7C15;
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }

    private readonly record struct Entry(int Token, int Position, bool Canonical);
}
