using System.Runtime.InteropServices;
using Llm42.Core.Engine;
using Llm42.Core.Execution;
using Llm42.Core.Requests;
using Llm42.Core.Scheduling;

namespace Llm42.Core.Verification;

/// <summary>
/// Turns a step's predictions into committed tokens and drafts: compares, commits, rolls back. Nothing else writes
/// committed tokens or drafts, or moves KV lengths by what a step computed.
/// </summary>
public sealed class Verifier
{
    private readonly EngineOptions _options;
    private readonly DraftHistory _history;
    private readonly List<int> _drafts = [];

    /// <summary>Of forced acceptance alone; the same for every engine.</summary>
    private readonly Random _chance = new(42);

    /// <summary>A verifier for the given options.</summary>
    /// <param name="options">Policy of the engine.</param>
    /// <param name="history">Where it takes note of right and wrong drafts; null for nowhere.</param>
    public Verifier(EngineOptions options, DraftHistory? history = null)
    {
        _options = options;
        _history = history ?? new DraftHistory();
    }

    /// <summary>Applies what a step predicted to every sequence of its plan.</summary>
    public void Apply(BatchPlan plan, StepResult result)
    {
        if (result.Predictions.Count != plan.PredictedRows * plan.Steps)
            throw new InvalidOperationException(
                $"The executor returned {result.Predictions.Count} predictions for {plan.PredictedRows} predicted rows in {plan.Steps} steps.");

        int captured = 0;
        for (int i = 0; i < plan.Segments.Count; i++)
            captured += plan.Segments[i].Sequence.Request.CaptureLayers ? plan.Segments[i].Rows : 0;
        if (result.CapturedRows.Count != captured)
            throw new InvalidOperationException(
                $"The executor returned hashes of {result.CapturedRows.Count} rows for {captured} that were asked for.");

        int first = 0, firstCaptured = 0;
        for (int i = 0; i < plan.Segments.Count; i++)
        {
            BatchSegment segment = plan.Segments[i];
            int computed = segment.Sequence.ComputedLength;
            var predictions = new PredictionSpan(result.Predictions, first, segment.PredictedRows);
            switch (segment.Kind)
            {
                case SegmentKind.Prefill: ApplyPrefill(segment, predictions); break;
                case SegmentKind.Verify: ApplyVerify(segment, predictions); break;
                default: ApplyDecode(segment, plan, result.Predictions, first); break;
            }

            first += segment.PredictedRows;

            if (!segment.Sequence.Request.CaptureLayers)
                continue;
            // The rows by which the computed length has grown stand: no others do.
            for (int row = 0; row < segment.Sequence.ComputedLength - computed; row++)
                segment.Sequence.Capture(segment.FirstPosition + row, result.CapturedRows[firstCaptured + row]);
            firstCaptured += segment.Rows;
        }
    }

    /// <summary>
    /// Drafts tokens that came from elsewhere than a step, up to the first that may end the request or that its output
    /// format forbids. The caller sees to it that the window and the token limit leave room for them.
    /// </summary>
    internal static void Propose(Sequence sequence, ReadOnlySpan<int> tokenIds)
    {
        foreach (int tokenId in tokenIds)
        {
            if (sequence.DraftMayFinish || !sequence.MayDraft(tokenId))
                return;
            Draft(sequence, new RowPrediction(tokenId, 0, 0));
        }
    }

    private static void ApplyPrefill(BatchSegment segment, PredictionSpan predictions)
    {
        Sequence sequence = segment.Sequence;
        sequence.ComputedLength += segment.Rows;
        sequence.CanonicalLength = sequence.ComputedLength;

        if (sequence.Request.ScorePrompt)
        {
            // Rows that a preempted request runs again are not scored again.
            for (int i = 0; i < predictions.Count; i++)
            {
                int position = segment.FirstPosition + segment.FirstPredictedRow + i;
                if (position == sequence.PromptScores.Count && position < sequence.PromptLength)
                    sequence.AppendPromptScore(predictions[i]);
            }
        }

        if (sequence.ComputedLength < sequence.Tokens.Count)
            return;
        if (sequence.TokenLimit == 0)
            sequence.FinishReason = FinishReason.Length;
        else
            Commit(sequence, predictions[^1].TokenId, predictions[^1]);
    }

    /// <summary>Takes the token of each step, until one ends the sequence or may do so.</summary>
    private void ApplyDecode(BatchSegment segment, BatchPlan plan, IReadOnlyList<RowPrediction> predictions, int first)
    {
        Sequence sequence = segment.Sequence;
        for (int step = 0; step < plan.Steps && sequence.FinishReason is null && !sequence.DraftMayFinish; step++)
            ApplyDecode(segment, predictions[first + (step * plan.PredictedRows)], plan.Numerics);
    }

    private void ApplyDecode(BatchSegment segment, RowPrediction prediction, Numerics numerics)
    {
        Sequence sequence = segment.Sequence;
        bool canonical = numerics == Numerics.Invariant
            && sequence.CanonicalLength == segment.FirstPosition
            && _options.Verifier == VerifierKind.Invariant;

        if (sequence.Request.IsDeterministic && !canonical)
        {
            Draft(sequence, prediction);
            return;
        }

        // Either nobody asked for canonical tokens, or the row was canonical already because it rode along in an
        // invariant step behind canonical keys and values.
        sequence.ComputedLength++;
        if (canonical)
            sequence.CanonicalLength++;
        Commit(sequence, prediction.TokenId, prediction);
    }

    private void ApplyVerify(BatchSegment segment, PredictionSpan predictions)
    {
        Sequence sequence = segment.Sequence;
        // Cleared before they are committed.
        _drafts.Clear();
        for (int i = 0; i < sequence.Drafts.Count; i++)
            _drafts.Add(sequence.Drafts[i]);
        ReadOnlySpan<int> drafts = CollectionsMarshal.AsSpan(_drafts);
        int accepted = CountAccepted(drafts, predictions);

        for (int i = 0; i <= accepted && i < drafts.Length; i++)
            _history.Add(sequence.DraftMargins[i], isWrong: i == accepted);

        RequestStatistics statistics = sequence.Statistics;
        if (drafts.Length > 0)
        {
            statistics.VerificationWindows++;
            statistics.VerifyRows += segment.Rows;
        }

        if (accepted < drafts.Length)
        {
            statistics.Rollbacks++;
            statistics.TokensRolledBack += drafts.Length - accepted;
        }

        sequence.ClearDrafts();
        sequence.ComputedLength += accepted + 1;
        sequence.CanonicalLength = sequence.ComputedLength;
        for (int i = 0; i < accepted && sequence.FinishReason is null; i++)
        {
            Commit(sequence, drafts[i], predictions[i]);
            statistics.TokensAccepted++;
        }

        if (sequence.FinishReason is not null)
            return;
        Commit(sequence, predictions[accepted].TokenId, predictions[accepted]);
        if (drafts.Length > 0 && accepted == drafts.Length)
            statistics.BonusTokens++;
    }

    private int CountAccepted(ReadOnlySpan<int> drafts, PredictionSpan predictions)
    {
        if (_options.SkipMismatch == 0)
            return drafts.Length;
        int accepted = 0;
        if (_options.ForcedAcceptance is { } share)
        {
            while (accepted < drafts.Length && _chance.NextDouble() < share)
                accepted++;
            return accepted;
        }

        while (accepted < drafts.Length && drafts[accepted] == predictions[accepted].TokenId)
            accepted++;
        if (_options.SkipMismatch == 100)
            return accepted;
        int forced = (int)Math.Ceiling(_options.SkipMismatch * _options.Window / 100);
        return Math.Min(accepted, Math.Max(0, drafts.Length - forced));
    }

    private static void Draft(Sequence sequence, RowPrediction prediction)
    {
        int tokenId = prediction.TokenId;
        sequence.AppendDraft(tokenId, prediction.Margin);
        sequence.Statistics.TokensDrafted++;
        sequence.DraftMayFinish |= sequence.Request.StopTokenIds.Contains(tokenId) || sequence.IsComplete;
        if (sequence.TextStop is null)
            return;
        sequence.DraftTextStop ??= sequence.TextStop.Fork();
        sequence.DraftMayFinish |= sequence.DraftTextStop.Append(tokenId);
    }

    private static void Commit(Sequence sequence, int tokenId, RowPrediction prediction)
    {
        sequence.AppendCommitted(tokenId, prediction);
        bool stopped = sequence.Request.StopTokenIds.Contains(tokenId) || sequence.IsComplete;
        stopped |= sequence.TextStop?.Append(tokenId) == true;
        if (stopped)
            sequence.FinishReason = FinishReason.Stop;
        else if (sequence.CommittedCount >= sequence.TokenLimit)
            sequence.FinishReason = FinishReason.Length;
    }

    /// <summary>The predictions of one segment.</summary>
    private readonly record struct PredictionSpan(IReadOnlyList<RowPrediction> All, int First, int Count)
    {
        public RowPrediction this[int index] => All[First + index];
    }
}
