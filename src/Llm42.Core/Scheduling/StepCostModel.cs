using System.Numerics;

namespace Llm42.Core.Scheduling;

/// <summary>
/// What a step costs by its number of rows, learned from the steps that ran: a running mean per power of two of rows,
/// straight lines between them.
/// </summary>
internal sealed class StepCostModel
{
    private const double Weight = 0.2;

    /// <summary>A step that took this many times what is usual was held up by something else.</summary>
    private const double Outlier = 4;

    private readonly (double Rows, double Seconds)[] _means = new (double, double)[32];

    /// <summary>At least one step was seen.</summary>
    public bool IsKnown { get; private set; }

    /// <summary>Takes note of a step.</summary>
    public void Add(int rows, double seconds)
    {
        IsKnown = true;
        ref (double Rows, double Seconds) mean = ref _means[BitOperations.Log2((uint)rows)];
        if (mean.Rows == 0)
        {
            mean = (rows, seconds);
            return;
        }

        mean.Rows += Weight * (rows - mean.Rows);
        mean.Seconds += Weight * (Math.Min(seconds, Outlier * mean.Seconds) - mean.Seconds);
    }

    /// <summary>Seconds that a step of so many rows is likely to take; 0 if none was ever seen.</summary>
    public double Estimate(double rows)
    {
        (double Rows, double Seconds) before = default, last = default;
        foreach ((double Rows, double Seconds) mean in _means)
        {
            if (mean.Rows == 0)
                continue;
            before = last;
            last = mean;
            if (mean.Rows >= rows)
                break;
        }

        // One point, or fewer rows than ever: no cheaper than the nearest. Beyond the last point its slope goes on.
        if (before.Rows == 0 || last.Rows <= before.Rows)
            return last.Seconds;
        double slope = Math.Max(0, (last.Seconds - before.Seconds) / (last.Rows - before.Rows));
        return Math.Max(0, last.Seconds + (slope * (rows - last.Rows)));
    }
}
