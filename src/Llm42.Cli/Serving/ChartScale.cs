namespace Llm42.Cli.Serving;

/// <summary>An axis of latencies: logarithmic where they are of several orders of magnitude.</summary>
internal sealed class ChartScale
{
    /// <summary>From this ratio on, a linear axis would show the large values only.</summary>
    private const double LogarithmicRatio = 20;

    private const int MostTicks = 8;

    private readonly double _low;
    private readonly double _high;

    private ChartScale(double low, double high, bool isLogarithmic)
    {
        _low = low;
        _high = high;
        IsLogarithmic = isLogarithmic;
    }

    public bool IsLogarithmic { get; }

    /// <summary>An axis that holds both values.</summary>
    public static ChartScale Of(double lowest, double highest)
    {
        if (lowest > 0 && highest / lowest >= LogarithmicRatio)
            return new ChartScale(lowest * 0.9, highest * 1.1, isLogarithmic: true);
        double margin = highest > lowest ? 0.05 * (highest - lowest) : Math.Max(0.1 * highest, 1e-3);
        return new ChartScale(Math.Max(0, lowest - margin), highest + margin, isLogarithmic: false);
    }

    /// <summary>Where a value is, from 0 to 1.</summary>
    public double Place(double value) => Math.Clamp(
        IsLogarithmic ? Math.Log(Math.Max(value, _low) / _low) / Math.Log(_high / _low) : (value - _low) / (_high - _low), 0, 1);

    /// <summary>Round values along the axis.</summary>
    public IReadOnlyList<double> Ticks
    {
        get
        {
            if (IsLogarithmic)
            {
                double[] all = [.. Decades([1, 2, 5])];
                return all.Length <= MostTicks ? all : [.. Decades([1])];
            }

            double rough = (_high - _low) / (MostTicks - 1);
            double power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
            double step = power * (rough <= power ? 1 : rough <= 2 * power ? 2 : rough <= 5 * power ? 5 : 10);
            var ticks = new List<double>();
            for (double i = Math.Ceiling(_low / step); i * step <= _high; i++)
                ticks.Add(i * step);
            return ticks;
        }
    }

    private IEnumerable<double> Decades(double[] digits)
    {
        for (double power = Math.Pow(10, Math.Floor(Math.Log10(_low))); power <= _high; power *= 10)
        {
            foreach (double digit in digits)
            {
                if (digit * power >= _low && digit * power <= _high)
                    yield return digit * power;
            }
        }
    }
}
