namespace Llm42.Core.Verification;

/// <summary>
/// How often drafts turn out wrong, in all and by the margin with which they were chosen. The past fades, so that the
/// figures follow the load. Used by the engine thread alone; steers policy only, never an answer.
/// </summary>
public sealed class DraftHistory
{
    /// <summary>What each examined draft leaves of the weight of those before it.</summary>
    private const double Fading = 0.999;

    /// <summary>Before anything was seen: one draft in a hundred is wrong, held as firmly as by 16 drafts.</summary>
    private const double PriorRate = 0.01, PriorWeight = 16;

    /// <summary>Buckets of margins: powers of two from 2^-24 to 2^7.</summary>
    private const int Buckets = 32, LowestExponent = -24;

    private readonly Tally[] _byMargin = new Tally[Buckets];
    private Tally _all;

    /// <summary>Share of the examined drafts that were wrong, 0..1.</summary>
    public double FlipRate => _all.RateWith(PriorRate, PriorWeight);

    /// <summary>How likely a draft chosen by this margin is to be wrong, 0..1.</summary>
    public double FlipProbability(float margin) => _byMargin[BucketOf(margin)].RateWith(FlipRate, PriorWeight);

    /// <summary>Takes note of a draft that was compared with the canonical prediction.</summary>
    internal void Add(float margin, bool isWrong)
    {
        _all.Add(isWrong, Fading);
        _byMargin[BucketOf(margin)].Add(isWrong, Fading);
    }

    private static int BucketOf(float margin) =>
        margin > 0 ? Math.Clamp(Math.ILogB(margin) - LowestExponent, 0, Buckets - 1) : 0;

    private struct Tally
    {
        private double _seen;
        private double _wrong;

        public readonly double RateWith(double priorRate, double priorWeight) =>
            (_wrong + (priorRate * priorWeight)) / (_seen + priorWeight);

        public void Add(bool isWrong, double fading)
        {
            _seen = (_seen * fading) + 1;
            _wrong = (_wrong * fading) + (isWrong ? 1 : 0);
        }
    }
}
