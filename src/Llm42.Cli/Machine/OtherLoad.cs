using System.Globalization;

namespace Llm42.Cli.Machine;

/// <summary>What other processes take of the processors while something is measured: figures of a busy machine mean little.</summary>
internal sealed class OtherLoad
{
    /// <summary>From this share of the processors on, the machine is not idle.</summary>
    public const double Tolerance = 0.05;

    private const string StatisticsFile = "/proc/stat";

    private readonly Func<(double Busy, double All)?> _machine;
    private readonly Func<double> _own;
    private double _others;
    private double _all;
    private (double Busy, double All)? _begin;
    private double _ownBegin;

    /// <summary>Watches this machine.</summary>
    public OtherLoad()
        : this(ReadMachine, () => Environment.CpuUsage.TotalTime.TotalSeconds)
    {
    }

    /// <param name="machine">Seconds of all processors, of work and in all; null where nobody counts them.</param>
    /// <param name="own">Seconds of work of this process.</param>
    internal OtherLoad(Func<(double Busy, double All)?> machine, Func<double> own)
    {
        _machine = machine;
        _own = own;
    }

    /// <summary>Share of the processors' time that others took so far, 0 to 1; null where it is not known.</summary>
    public double? Share => _all > 0 ? Math.Clamp(_others / _all, 0, 1) : null;

    /// <summary>Nobody else took more than the tolerance; null where it is not known.</summary>
    public bool? IsIdle => Share is { } share ? share <= Tolerance : null;

    /// <summary>A measurement begins.</summary>
    public void Begin() => (_begin, _ownBegin) = (_machine(), _own());

    /// <summary>It has ended.</summary>
    public void End()
    {
        if (_begin is not { } begin || _machine() is not { } end)
            return;
        _others += Math.Max(0, end.Busy - begin.Busy - (_own() - _ownBegin));
        _all += end.All - begin.All;
        _begin = null;
    }

    /// <summary>The first line of the file: ticks of 10 ms as user, nice, system, idle, iowait, irq, softirq, steal.</summary>
    internal static (double Busy, double All)? Parse(string? line)
    {
        string[] words = line?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];
        if (words.Length < 9 || words[0] != "cpu")
            return null;
        var ticks = new double[8];
        for (int i = 0; i < ticks.Length; i++)
        {
            if (!double.TryParse(words[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out ticks[i]))
                return null;
        }

        double all = ticks.Sum();
        return ((all - ticks[3] - ticks[4]) / 100, all / 100);
    }

    private static (double, double)? ReadMachine() => File.Exists(StatisticsFile) ? Parse(File.ReadLines(StatisticsFile).FirstOrDefault()) : null;
}
