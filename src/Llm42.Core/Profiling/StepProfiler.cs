using System.Diagnostics;
using Llm42.Core.Scheduling;

namespace Llm42.Core.Profiling;

/// <summary>
/// Divides the time of steps among their parts, like a stopwatch with laps: each moment of a step belongs to one part.
/// The engine thread takes the laps; any thread reads and resets. It sees what the host sees: on a device that works
/// beside the host an operator would seem to take only as long as its launch.
/// </summary>
public sealed class StepProfiler
{
    private static readonly int Count = Enum.GetValues<StepPart>().Length;

    private readonly Lock _lock = new();
    private readonly Entry[] _step = new Entry[Count];
    private readonly Phase _prefill = new();
    private readonly Phase _decode = new();
    private long _mark;

    /// <summary>Time begins to count; what was not yet added to a phase is dropped.</summary>
    public void Start()
    {
        Array.Clear(_step);
        _mark = Stopwatch.GetTimestamp();
    }

    /// <summary>The time since the last lap belongs to a part.</summary>
    /// <param name="part">The part.</param>
    /// <param name="flops">Operations that it did; 0 where they are not counted.</param>
    /// <param name="bytes">Bytes that it cannot but move; 0 where they are not counted.</param>
    public void Lap(StepPart part, double flops = 0, double bytes = 0)
    {
        long now = Stopwatch.GetTimestamp();
        ref Entry entry = ref _step[(int)part];
        entry.Calls++;
        entry.Ticks += now - _mark;
        entry.Flops += flops;
        entry.Bytes += bytes;
        _mark = now;
    }

    /// <summary>Adds the laps so far to what is read: those of a step that has been applied.</summary>
    /// <param name="plan">The step.</param>
    /// <param name="isCounted">False for what follows a step that was counted already.</param>
    public void Add(BatchPlan plan, bool isCounted = true)
    {
        ArgumentNullException.ThrowIfNull(plan);
        Phase phase = plan.HasPrefill ? _prefill : _decode;
        lock (_lock)
        {
            if (isCounted)
            {
                phase.Steps += plan.Steps;
                phase.Rows += (long)plan.Rows * plan.Steps;
            }

            for (int i = 0; i < Count; i++)
                phase.Parts[i].Add(_step[i]);
        }

        Array.Clear(_step);
    }

    /// <summary>Everything since the last reset.</summary>
    public StepProfile Read()
    {
        lock (_lock)
            return new StepProfile(_prefill.Read(), _decode.Read());
    }

    /// <summary>Makes <see cref="Read"/> count from now on.</summary>
    public void Reset()
    {
        lock (_lock)
        {
            _prefill.Clear();
            _decode.Clear();
        }
    }

    private struct Entry
    {
        public long Calls;
        public long Ticks;
        public double Flops;
        public double Bytes;

        public void Add(in Entry other)
        {
            Calls += other.Calls;
            Ticks += other.Ticks;
            Flops += other.Flops;
            Bytes += other.Bytes;
        }
    }

    private sealed class Phase
    {
        public long Steps { get; set; }

        public long Rows { get; set; }

        public Entry[] Parts { get; } = new Entry[Count];

        public StepPhaseProfile Read()
        {
            var parts = new List<StepPartProfile>();
            for (int i = 0; i < Count; i++)
            {
                Entry entry = Parts[i];
                if (entry.Calls > 0)
                    parts.Add(new StepPartProfile((StepPart)i, entry.Calls, Stopwatch.GetElapsedTime(0, entry.Ticks), entry.Flops, entry.Bytes));
            }

            return new StepPhaseProfile(Steps, Rows, parts);
        }

        public void Clear()
        {
            Steps = 0;
            Rows = 0;
            Array.Clear(Parts);
        }
    }
}
