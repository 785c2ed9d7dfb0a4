using Llm42.Core.Engine;
using Llm42.Core.Execution;
using Llm42.Core.Requests;
using Llm42.Core.Verification;

namespace Llm42.Core.Scheduling;

/// <summary>
/// Proposes what followed the last tokens where they stood before, and verifies it at once. Where it adapts, it proposes
/// as many tokens as pay, by how many of a sequence's were right and by what steps were seen to cost: a sequence that
/// does not repeat itself gets hardly more than a trial now and then.
/// </summary>
internal sealed class NgramPolicy(EngineOptions options, DraftHistory history, bool adapts) : DraftingPolicy
{
    /// <summary>Drafts of a trial, and committed tokens from one trial of a sequence to the next.</summary>
    private const int TrialDrafts = 4, TokensBetweenTrials = 64;

    /// <summary>How many drafts of its own a sequence is judged by as much as by those of all.</summary>
    private const double OwnWeight = 8;

    private readonly StepCostModel _invariant = new();
    private int _rows;

    /// <inheritdoc/>
    public override int VerifyGroup => adapts ? int.MaxValue : options.VerifyGroup;

    /// <inheritdoc/>
    public override int Window => options.Window;

    /// <inheritdoc/>
    public override void BeginStep(int deterministic, int ordinary) => _rows = deterministic + ordinary;

    /// <inheritdoc/>
    public override bool IsDue(Sequence sequence) => true;

    /// <inheritdoc/>
    public override void Propose(Sequence sequence, int most)
    {
        int count = adapts ? Math.Min(most, WindowOf(sequence)) : most;
        Verifier.Propose(sequence, NgramLookup.Find(sequence.TokenSpan, count));
    }

    /// <inheritdoc/>
    public override void Observe(BatchPlan plan, TimeSpan elapsed)
    {
        // Prompts are work of another kind: most of their rows predict nothing.
        if (elapsed > TimeSpan.Zero && plan.Numerics == Numerics.Invariant && !plan.HasPrefill)
            _invariant.Add(plan.Rows, elapsed.TotalSeconds);
    }

    /// <summary>The number of drafts that brings the most tokens per second of all sequences together.</summary>
    private int WindowOf(Sequence sequence)
    {
        RequestStatistics seen = sequence.Statistics;
        double wrong = (seen.Rollbacks + (OwnWeight * history.FlipRate)) / (seen.TokensAccepted + seen.Rollbacks + OwnWeight);
        (int Window, double Speed) best = (0, SpeedOf(0, wrong));
        for (int window = 1; window < 2 * options.Window; window *= 2)
        {
            int candidate = Math.Min(window, options.Window);
            double speed = SpeedOf(candidate, wrong);
            if (speed > best.Speed)
                best = (candidate, speed);
        }

        return best.Window == 0 && sequence.CommittedCount % TokensBetweenTrials == 0 ? TrialDrafts : best.Window;
    }

    private double SpeedOf(int window, double wrong)
    {
        double accepted = (1 - wrong) * (1 - Math.Pow(1 - wrong, window)) / wrong;
        double cost = _invariant.Estimate(_rows + window);
        return cost > 0 ? (_rows + accepted) / cost : accepted;
    }
}
