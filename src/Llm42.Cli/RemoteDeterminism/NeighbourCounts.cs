namespace Llm42.Cli.RemoteDeterminism;

/// <summary>What became of the requests that were the load.</summary>
internal sealed class NeighbourCounts
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, int> _errors = new(StringComparer.Ordinal);
    private int _served;

    /// <summary>Those of which at least a piece came.</summary>
    public int Served => Volatile.Read(ref _served);

    /// <summary>Those that failed, by kind of error.</summary>
    public IReadOnlyDictionary<string, int> Errors
    {
        get
        {
            lock (_lock)
                return new SortedDictionary<string, int>(_errors, StringComparer.Ordinal);
        }
    }

    public void AddServed() => Interlocked.Increment(ref _served);

    public void AddError(string kind)
    {
        lock (_lock)
            _errors[kind] = _errors.GetValueOrDefault(kind) + 1;
    }
}
