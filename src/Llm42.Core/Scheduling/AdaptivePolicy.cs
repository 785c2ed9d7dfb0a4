using Llm42.Core.Engine;
using Llm42.Core.Execution;
using Llm42.Core.Requests;
using Llm42.Core.Verification;

namespace Llm42.Core.Scheduling;

/// <summary>
/// Drafts where that is the faster way to the same answers, by what steps were seen to cost and how often drafts were
/// seen to be wrong, and decodes under invariant numerics where it is not. What it makes as fast as it can is the sum
/// over all sequences, but never at the cost of the deterministic ones. Tries the other way now and then, as often as
/// it can afford.
/// </summary>
internal sealed class AdaptivePolicy(EngineOptions options, DraftHistory history) : DraftingPolicy
{
    /// <summary>Share of the time that trying the slower way may cost.</summary>
    private const double TrialShare = 0.01;

    /// <summary>Gain below which it is not worth to change ways.</summary>
    private const double Hysteresis = 1.03;

    /// <summary>Drafts of a trial.</summary>
    private const int TrialDrafts = 4;

    /// <summary>Steps of a trial without drafts.</summary>
    private const int TrialSteps = 2;

    /// <summary>Steps between trials at the least.</summary>
    private const int StepsBetweenTrials = 64;

    private readonly bool _hasDraftWeights = options.Drafter == DrafterKind.Int8Weights;
    private readonly StepCostModel _fast = new();
    private readonly StepCostModel _invariant = new();
    private int _deterministic;
    private int _ordinary;
    private int _window;
    private int _stepsToTrial = TrialDrafts;
    private double _secondsToTrial;
    private readonly Trial _reusedTrial = new();
    private Trial? _trial;

    /// <inheritdoc/>
    public override int VerifyGroup => int.MaxValue;

    /// <inheritdoc/>
    public override bool VerifiesTogether => true;

    /// <inheritdoc/>
    public override int Window => _trial?.Window ?? _window;

    private int Rows => _deterministic + _ordinary;

    /// <inheritdoc/>
    public override void BeginStep(int deterministic, int ordinary)
    {
        (_deterministic, _ordinary) = (deterministic, ordinary);
        if (deterministic == 0 || _trial is not null)
            return;
        if (_stepsToTrial <= 0 && _secondsToTrial <= 0)
            _trial = _reusedTrial.Begin(_window == 0 ? Math.Min(TrialDrafts, options.Window) : 0);
        else
            Choose();
    }

    /// <inheritdoc/>
    public override bool IsDue(Sequence sequence)
    {
        int drafts = sequence.Drafts.Count;
        if (drafts >= Window)
            return true;
        if (drafts == 0)
            return false;

        // A draft that is likely to be wrong is likely to cost all that would be drafted behind it. Against that
        // stands what a fast step would have brought more than an invariant one, and the row that is run twice.
        double fast = _fast.Estimate(Rows);
        double price = fast > 0 ? Math.Max(0, _invariant.Estimate(Rows) - fast) / fast * Rows : 0;
        return history.FlipProbability(sequence.LeastDraftMargin) * (Window - drafts) > 1 + price;
    }

    /// <inheritdoc/>
    public override void Observe(BatchPlan plan, TimeSpan elapsed)
    {
        double seconds = elapsed.TotalSeconds;
        if (seconds <= 0)
            return;
        _stepsToTrial -= plan.Steps;
        _secondsToTrial -= seconds;
        // Prompts are work of another kind: most of their rows predict nothing.
        if (plan.HasPrefill)
            return;
        if (plan.Numerics == Numerics.Invariant)
            _invariant.Add(plan.Rows, seconds / plan.Steps);
        else if (plan.UsesDraftWeights == _hasDraftWeights)
            _fast.Add(plan.Rows, seconds / plan.Steps);
        _trial?.Add(plan, seconds);
        if (_trial is { IsOver: true })
            EndTrial(_trial);
    }

    private void EndTrial(Trial trial)
    {
        _trial = null;
        int before = _window;
        Choose();
        // What the trial took beyond what its tokens take in the way that is chosen now must be earned first.
        double loss = before == _window ? trial.Seconds - (trial.Tokens / SpeedOf(_window).All) : 0;
        _secondsToTrial = Math.Max(0, loss) / TrialShare;
        _stepsToTrial = StepsBetweenTrials;
    }

    private void Choose()
    {
        if (!_fast.IsKnown || !_invariant.IsKnown)
            return;
        Speed direct = SpeedOf(0);
        (int Window, Speed Speed) best = (0, direct);
        for (int window = 1; window < 2 * options.Window; window *= 2)
        {
            int candidate = Math.Min(window, options.Window);
            Speed speed = SpeedOf(candidate);
            if (speed.Deterministic >= direct.Deterministic && speed.All > best.Speed.All)
                best = (candidate, speed);
        }

        Speed present = SpeedOf(_window);
        if (best.Speed.All > Hysteresis * present.All || present.Deterministic * Hysteresis < direct.Deterministic)
            _window = best.Window;
    }

    /// <summary>What the present load would bring with so many drafts before a verify pass.</summary>
    private Speed SpeedOf(int window)
    {
        if (window == 0)
        {
            double step = _invariant.Estimate(Rows);
            return new Speed(1 / step, Rows / step);
        }

        double flips = history.FlipRate;
        double accepted = (1 - flips) * (1 - Math.Pow(1 - flips, window)) / flips;
        double rows = (_deterministic * (window + 1)) + _ordinary;
        double held = Math.Min(rows, options.MaxBatchTokens);
        double cycle = (window * _fast.Estimate(Rows)) + (_invariant.Estimate(held) * rows / held);
        return new Speed(
            (accepted + 1) / cycle, ((_deterministic * (accepted + 1)) + (_ordinary * (window + 1))) / cycle);
    }

    /// <summary>Tokens per second.</summary>
    /// <param name="Deterministic">Of one deterministic sequence.</param>
    /// <param name="All">Of all sequences together.</param>
    private readonly record struct Speed(double Deterministic, double All);

    /// <summary>A short time in the other way, to see what it costs.</summary>
    private sealed class Trial
    {
        private int _steps;
        private bool _hasVerified;

        public int Window { get; private set; }

        public double Seconds { get; private set; }

        public int Tokens { get; private set; }

        /// <summary>Enough was seen, or the load leaves nothing to see.</summary>
        public bool IsOver => _hasVerified || _steps >= (Window == 0 ? TrialSteps : 4 * TrialDrafts);

        public Trial Begin(int window)
        {
            (Window, Seconds, Tokens) = (window, 0, 0);
            (_steps, _hasVerified) = (0, false);
            return this;
        }

        public void Add(BatchPlan plan, double seconds)
        {
            _steps += plan.Steps;
            Seconds += seconds;
            for (int i = 0; i < plan.Segments.Count; i++)
            {
                BatchSegment segment = plan.Segments[i];
                if (segment.Kind == SegmentKind.Verify)
                    Tokens += segment.Rows;
                else if (segment.Kind == SegmentKind.Decode && !segment.Sequence.Request.IsDeterministic)
                    Tokens += plan.Steps;
                _hasVerified |= Window > 0 && segment is { Kind: SegmentKind.Verify, Rows: > 1 };
            }
        }
    }
}
