using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Llm42.Extensions.Hosting;

/// <summary>An engine of the host: loaded once, by whoever asks first, and disposed with the host's services.</summary>
internal sealed partial class HostedEngine : IAsyncDisposable, IDisposable
{
    private readonly Llm42Options _options;
    private readonly ILogger _logger;
    private readonly string? _key;
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _ending = new();
    private Task<InferenceEngine>? _loading;
    private bool _isDisposed;

    /// <summary>An engine that is not loaded yet.</summary>
    /// <param name="options">What to load.</param>
    /// <param name="logger">Told about the loading.</param>
    /// <param name="key">Key of the service; null for the one without.</param>
    public HostedEngine(Llm42Options options, ILogger logger, string? key)
    {
        _options = options;
        _logger = logger;
        _key = key;
    }

    /// <summary>How far the loading is; null before anybody asked for the engine.</summary>
    public Task<InferenceEngine>? Loading
    {
        get
        {
            lock (_lock)
                return _loading;
        }
    }

    /// <summary>The engine, once it is loaded. Every caller gets the same one, or the same error.</summary>
    /// <exception cref="ObjectDisposedException">The host's services were disposed.</exception>
    public Task<InferenceEngine> LoadAsync()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            return _loading ??= LoadOnceAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        Task<InferenceEngine>? loading;
        lock (_lock)
        {
            if (_isDisposed)
                return;
            _isDisposed = true;
            loading = _loading;
        }

        await _ending.CancelAsync().ConfigureAwait(false);
        if (loading is not null)
        {
            await ((Task)loading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (loading.IsCompletedSuccessfully)
                await (await loading.ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false);
        }

        _ending.Dispose();
    }

    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    private async Task<InferenceEngine> LoadOnceAsync()
    {
        var start = Stopwatch.GetTimestamp();
        var inference = _options.Inference with { Name = _options.Inference.Name ?? _key };
        LogLoading(_options.ModelPath, inference.Backend);
        var engine = await InferenceEngine.LoadAsync(_options.ModelPath, inference, progress: null, _ending.Token).ConfigureAwait(false);
        LogLoaded(
            engine.Model.Directory, engine.Model.Architecture, Stopwatch.GetElapsedTime(start).TotalSeconds,
            engine.Engine.NumericsProfile, engine.Engine.Fingerprint);
        return engine;
    }

    [LoggerMessage(1, LogLevel.Information, "Loading the model {ModelPath} for backend {Backend}.")]
    private partial void LogLoading(string modelPath, string backend);

    [LoggerMessage(
        2, LogLevel.Information,
        "Loaded {ModelPath} ({Architecture}) in {Seconds:F1} s; numerics profile {NumericsProfile}, fingerprint {Fingerprint}.")]
    private partial void LogLoaded(string modelPath, string architecture, double seconds, string numericsProfile, string fingerprint);
}
