namespace Llm42.Server.Operation;

/// <summary>
/// Says when a request that found the queue full may come again: when half of the queue will have moved up, going by how
/// fast the last requests ended.
/// </summary>
internal sealed class RetryAdvice(TimeProvider clock)
{
    /// <summary>Requests that the pace is taken from.</summary>
    public const int Remembered = 32;

    /// <summary>The most that is ever advised.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly long[] _ends = new long[Remembered];
    private long _count;

    /// <summary>A request has ended.</summary>
    public void Ended()
    {
        lock (_lock)
            _ends[_count++ % Remembered] = clock.GetTimestamp();
    }

    /// <summary>How long to wait, 1 s to 60 s.</summary>
    /// <param name="waiting">Requests in the queue.</param>
    public TimeSpan For(int waiting)
    {
        long oldest;
        long known;
        lock (_lock)
        {
            known = Math.Min(_count, Remembered);
            if (known == 0)
                return Shortest;
            oldest = _ends[_count > Remembered ? _count % Remembered : 0];
        }
        var each = clock.GetElapsedTime(oldest) / known;
        var wait = each * ((waiting + 1) / 2);
        return wait < Shortest ? Shortest : wait > Longest ? Longest : wait;
    }
}
