using Llm42.Native;

namespace Llm42.Runtime;

/// <summary>
/// Graphs of the step shapes that come again and again: what a step of such a shape launches is recorded the second time
/// that it is seen, and from then on costs the host one call.
/// </summary>
/// <param name="stream">Where steps run.</param>
/// <param name="launch">Enqueues a step, which must depend on the shape alone but for the contents of buffers.</param>
internal sealed class StepGraphs(NativeStream stream, Action<StepShape> launch) : IDisposable
{
    /// <summary>Shapes that are remembered; then the longest unused one is forgotten.</summary>
    private const int Capacity = 64;

    private readonly Dictionary<StepShape, Entry> _entries = [];
    private long _uses;

    /// <summary>Steps so far that were replayed.</summary>
    public long Launches { get; private set; }

    /// <summary>Enqueues a step.</summary>
    public void Run(StepShape shape)
    {
        if (!_entries.TryGetValue(shape, out var entry))
        {
            Remember(shape);
            launch(shape);
            return;
        }
        entry.LastUse = ++_uses;
        entry.Graph ??= Record(shape);
        stream.Launch(entry.Graph);
        Launches++;
    }

    /// <summary>Forgets all graphs; to be called when buffers that they use have gone.</summary>
    public void Clear()
    {
        stream.Synchronize();
        foreach (var entry in _entries.Values)
            entry.Graph?.Dispose();
        _entries.Clear();
    }

    public void Dispose()
    {
        foreach (var entry in _entries.Values)
            entry.Graph?.Dispose();
        _entries.Clear();
    }

    private void Remember(StepShape shape)
    {
        if (_entries.Count >= Capacity)
        {
            var (oldest, entry) = _entries.MinBy(pair => pair.Value.LastUse);
            if (entry.Graph is not null)
                stream.Synchronize();
            entry.Graph?.Dispose();
            _entries.Remove(oldest);
        }
        _entries.Add(shape, new Entry { LastUse = ++_uses });
    }

    private NativeGraph Record(StepShape shape)
    {
        stream.BeginGraph();
        try
        {
            launch(shape);
        }
        catch
        {
            Abandon();
            throw;
        }
        return stream.EndGraph();
    }

    /// <summary>Ends a recording that came to nothing.</summary>
    private void Abandon()
    {
        try
        {
            stream.EndGraph().Dispose();
        }
        catch (NativeException)
        {
            // It names the operator that failed, whose own error is on its way already.
        }
    }

    private sealed class Entry
    {
        public NativeGraph? Graph { get; set; }

        public long LastUse { get; set; }
    }
}
