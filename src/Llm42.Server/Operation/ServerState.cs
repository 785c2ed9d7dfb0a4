namespace Llm42.Server.Operation;

/// <summary>Whether a server takes new requests, and how many it is serving.</summary>
#pragma warning disable CA1001 // Requests that end late may still look at the token, and its source holds no timer.
internal sealed class ServerState(TimeProvider clock)
#pragma warning restore CA1001
{
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _cancel = new();
    private int _serving;
    private bool _isDraining;
    private DateTimeOffset _drainEnd;

    /// <summary>The server was told to stop: it finishes what it has.</summary>
    public bool IsDraining
    {
        get
        {
            lock (_lock)
                return _isDraining;
        }
    }

    /// <summary>Requests for answers that are being served.</summary>
    public int Serving => Volatile.Read(ref _serving);

    /// <summary>Cancelled when the time to finish is over.</summary>
    public CancellationToken Cancelled => _cancel.Token;

    /// <summary>How long the server may go on draining: what comes after it may answer then.</summary>
    public TimeSpan RetryAfter
    {
        get
        {
            lock (_lock)
                return _drainEnd - clock.GetUtcNow() is { Ticks: > 0 } left ? left : TimeSpan.FromSeconds(1);
        }
    }

    /// <summary>Completes once the server drains and serves nobody any more.</summary>
    public Task Idle => _idle.Task;

    /// <summary>Counts a request in; false where the server takes no more.</summary>
    public bool TryEnter()
    {
        lock (_lock)
        {
            if (_isDraining)
                return false;
            _serving++;
            return true;
        }
    }

    /// <summary>Counts a request out.</summary>
    public void Leave()
    {
        lock (_lock)
        {
            _serving--;
            CompleteIfIdle();
        }
    }

    /// <summary>Takes no more requests. A second call changes nothing.</summary>
    public void Drain(TimeSpan limit)
    {
        lock (_lock)
        {
            if (_isDraining)
                return;
            _isDraining = true;
            _drainEnd = clock.GetUtcNow() + limit;
            CompleteIfIdle();
        }
    }

    /// <summary>Ends the requests that still run.</summary>
    public void Cancel() => _cancel.Cancel();

    private void CompleteIfIdle()
    {
        if (_isDraining && _serving == 0)
            _idle.TrySetResult();
    }
}
