namespace Llm42.Core.Tests.Observability;

/// <summary>A clock that stands still until it is told to go on, and counts how often it is looked at.</summary>
internal sealed class ManualClock : TimeProvider
{
    private long _ticks = 1_000_000;
    private int _looks;

    public int Looks => Volatile.Read(ref _looks);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp()
    {
        Interlocked.Increment(ref _looks);
        return Interlocked.Read(ref _ticks);
    }

    public void Advance(int milliseconds) => Interlocked.Add(ref _ticks, TimeSpan.FromMilliseconds(milliseconds).Ticks);
}
