namespace Llm42.Cli.Throughput;

/// <summary>
/// The engines of the variants of one model: all open at once where memory allows for it, else one at a time, opened
/// anew for each sample.
/// </summary>
internal sealed class EnginePool(string model, ThroughputOptions options, long modelBytes, CancellationToken cancellation) : IAsyncDisposable
{
    private readonly Dictionary<EngineVariant, InferenceEngine> _open = [];

    /// <summary>As many as half of the memory holds; packed weights, keys and values, and work space.</summary>
    private readonly int _most = (int)Math.Clamp(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2 / Math.Max(1, (long)(1.3 * modelBytes)), 1, 64);

    /// <summary>The engine of a variant, warm; valid until the next call.</summary>
    public async Task<InferenceEngine> GetAsync(EngineVariant variant)
    {
        if (_open.TryGetValue(variant, out InferenceEngine? engine))
            return engine;
        if (_open.Count >= _most)
            await CloseAsync().ConfigureAwait(false);
        engine = await InferenceEngine.LoadAsync(
            model, variant.EngineOptions(options.Machine, options.Batches.Max(), options.Length), progress: null, cancellation).ConfigureAwait(false);
        _open.Add(variant, engine);
        // Until everything is compiled and every page is there.
        foreach (double share in (double[])[0, 1])
            await new EngineSampler(options).SampleAsync(engine, options.Batches.Min(), share, ThroughputPlan.WarmUp, cancellation).ConfigureAwait(false);
        return engine;
    }

    public async ValueTask DisposeAsync() => await CloseAsync().ConfigureAwait(false);

    private async Task CloseAsync()
    {
        foreach (InferenceEngine engine in _open.Values)
            await engine.DisposeAsync().ConfigureAwait(false);
        _open.Clear();
    }
}
