namespace Llm42.Remote.Tests;

/// <summary>A clock that stands still but for jumping to its next timer when nothing else is left to do.</summary>
internal sealed class VirtualClock : TimeProvider
{
    private readonly List<Alarm> _alarms = [];
    private long _now;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => _now;

    public override DateTimeOffset GetUtcNow() => new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Lets time pass while the caller computes.</summary>
    public void Advance(TimeSpan time) => _now += time.Ticks;

    public Task Delay(double milliseconds) => Task.Delay(TimeSpan.FromMilliseconds(milliseconds), this);

    /// <summary>Jumps to the next timer.</summary>
    public void RingNext()
    {
        Alarm next = _alarms.MinBy(alarm => alarm.At) ?? throw new AssertFailedException("nothing is left to wait for");
        _alarms.Remove(next);
        _now = Math.Max(_now, next.At);
        next.Ring();
    }

    /// <summary>Runs until a task is complete. All that it waits for must come from this clock.</summary>
    public T Run<T>(Task<T> task)
    {
        while (!task.IsCompleted)
            RingNext();

        return task.GetAwaiter().GetResult();
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var alarm = new Alarm(this, () => callback(state));
        alarm.Change(dueTime, period);
        return alarm;
    }

    private sealed class Alarm(VirtualClock clock, Action ring) : ITimer
    {
        public long At { get; private set; }

        public void Ring() => ring();

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            clock._alarms.Remove(this);
            if (dueTime >= TimeSpan.Zero)
            {
                At = clock._now + dueTime.Ticks;
                clock._alarms.Add(this);
            }

            return true;
        }

        public void Dispose() => clock._alarms.Remove(this);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
