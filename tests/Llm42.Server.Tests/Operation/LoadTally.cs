using System.Collections.Concurrent;

namespace Llm42.Server.Tests.Operation;

/// <summary>What the clients of a load did and saw.</summary>
internal sealed class LoadTally
{
    private readonly ConcurrentDictionary<string, int> _counts = new();

    /// <summary>What should not have been.</summary>
    public ConcurrentQueue<string> Failures { get; } = new();

    public int Count(string kind) => _counts.GetValueOrDefault(kind);

    public void Add(string kind) => _counts.AddOrUpdate(kind, 1, (_, count) => count + 1);

    public override string ToString() => string.Join(", ", _counts.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}: {pair.Value}"));
}
