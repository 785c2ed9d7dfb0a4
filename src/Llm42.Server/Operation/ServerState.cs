namespace Llm42.Server.Operation;

/// <summary>Whether a server takes new requests, and how many it is serving.</summary>
internal sealed class ServerState
{
    private int _serving;

    /// <summary>The server was told to stop: it finishes what it has.</summary>
    public bool IsDraining { get; private set; }

    /// <summary>Requests for answers that are being served.</summary>
    public int Serving => Volatile.Read(ref _serving);

    public void Drain() => IsDraining = true;

    public void Enter() => Interlocked.Increment(ref _serving);

    public void Leave() => Interlocked.Decrement(ref _serving);
}
