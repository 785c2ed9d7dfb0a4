using Llm42.Core.Execution;
using Llm42.Core.Profiling;
using Llm42.Core.Scheduling;
using Llm42.Models;
using Llm42.Models.Rope;
using Llm42.Native;
using Llm42.PackedWeights;
using Llm42.Weights;

namespace Llm42.Runtime;

/// <summary>
/// Runs batches through a decoder on a device of the native library. Owns the device and everything on it. Made on one
/// thread, then used by one thread at a time.
/// </summary>
internal sealed class NativeModelExecutor : IModelExecutor
{
    private const int RopeChunk = 1024;
    private const int StepsPerMemoryReading = 64;

    /// <summary>Decode steps that are enqueued at once on a device that runs beside the host.</summary>
    private const int AsynchronousChain = 8;

    private readonly NativeDevice _device;
    private readonly Stack<IDisposable> _owned = new();
    private readonly NativeStream _stream;
    private readonly NativeKvCache _cache;
    private readonly StepBatch _batch;
    private readonly DecoderForward _forward;
    private readonly Predictor _predictor;
    private readonly int _layers;
    private readonly int _pageSize;
    private readonly int _maxRows;
    private readonly StepGraphs? _graphs;
    private readonly OperatorProfile? _profile;
    private NativeDeviceInfo _deviceInfo = null!;
    private long _memoryAllocated;
    private long _memoryPeak;
    private StepResult? _result;
    private int _steps;

    /// <summary>Brings a model onto a device, which then belongs to the executor, also if this fails.</summary>
    public NativeModelExecutor(
        NativeDevice device,
        ModelConfig config,
        DecoderSpec spec,
        IWeightSource source,
        ExecutorOptions options,
        PackedWeightCache? cache = null,
        IProgress<LoadProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        _device = Own(device);
        try
        {
            _stream = Own(NativeStream.Create(device));

            // Before the long part, so that an impossible wish is refused at once.
            ReadDeviceInfo();
            var activationType = DeviceInfo.ActivationType;
            var otherBytes = MemoryPlan.Of(config, spec, source, options, activationType).Total;
            if (DeviceInfo.MemoryLimit > 0 && otherBytes > DeviceInfo.MemoryLimit)
                throw new ArgumentException(
                    $"MemoryLimit is {ByteSize.Format(DeviceInfo.MemoryLimit)}, but the weights and the work space take "
                    + $"{ByteSize.Format(otherBytes)}, and the KV cache comes on top. Raise it, or lower MaxBatchTokens.");
            Kv = KvCacheSizing.Of(config, options, AvailableMemory.Of(DeviceInfo) - otherBytes, AvailableMemory.DefaultShare(DeviceInfo));
            var weights = Own(ModelWeightsLoader.Load(device, _stream, source, spec, options, cache, progress, cancellation));
            var activations = Own(new Activations(device, config, activationType, options.MaxBatchTokens));
            if (options.Profiler is { } profiler)
                _profile = new OperatorProfile(profiler, config, activationType, options.KvType);
            _predictor = Own(new Predictor(
                device, config, weights, _stream, activationType, options.MaxBatchTokens, _profile));
            _cache = Own(NativeKvCache.Create(device, new NativeKvCacheOptions
            {
                ElementType = options.KvType,
                Layers = config.Layers,
                KvHeads = config.KvHeads,
                HeadSize = config.HeadSize,
                PageSize = options.PageSize,
                Pages = Kv.Pages + 1,
            }));
            _batch = Own(new StepBatch(device, options.MaxBatchTokens, options.PageSize, scratchPage: Kv.Pages));
            var ropeTable = CreateRopeTable(config.Rope, Kv.MaxContext);
            _forward = new DecoderForward(
                config, weights, activations, _stream, _cache, ropeTable, Kv.MaxContext, activationType, _profile);
            _layers = config.Layers;
            _pageSize = options.PageSize;
            _maxRows = options.MaxBatchTokens;
            if (DeviceInfo.SupportsGraphs && options.UseGraphs)
            {
                _graphs = Own(new StepGraphs(_stream, shape => Launch(shape, null)));
                _batch.Moved += _graphs.Clear;
                _predictor.Results.Moved += _graphs.Clear;
            }
            ReadDeviceInfo();
            Info = new ExecutorInfo(
                config.VocabularySize,
                Kv.MaxContext,
                options.PageSize,
                Kv.Pages,
                DeviceInfo.FastIsInvariant,
                ProfileOf(DeviceInfo, options))
            {
                CapturesLayers = true,
                HasDraftWeights = options.HasInt8Drafts,
                ChainedSteps = DeviceInfo.SupportsGraphs ? AsynchronousChain : 1,
            };
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public ExecutorInfo Info { get; }

    /// <summary>Name of a device's invariant numerics with such weights and such a KV cache.</summary>
    public static string ProfileOf(NativeDeviceInfo device, ExecutorOptions options) =>
        $"{device.Profile}{(options.HasInt8Weights ? "+w8a8-1" : "")}+kv-{options.KvType.Name()}";

    /// <summary>What the device reported last: at the end of loading, then every few steps.</summary>
    public NativeDeviceInfo DeviceInfo => Volatile.Read(ref _deviceInfo) with
    {
        MemoryAllocated = Volatile.Read(ref _memoryAllocated),
        MemoryPeak = Volatile.Read(ref _memoryPeak),
    };

    /// <summary>What the device reports now; of the thread that executes.</summary>
    public NativeDeviceInfo ReadDeviceInfo()
    {
        var info = _device.Info;
        Volatile.Write(ref _memoryAllocated, info.MemoryAllocated);
        Volatile.Write(ref _memoryPeak, info.MemoryPeak);
        Volatile.Write(ref _deviceInfo, info);
        return info;
    }

    /// <summary>Size of the KV cache.</summary>
    public KvCacheSizing Kv { get; }

    /// <summary>Plans so far that were replayed from a recorded graph.</summary>
    public long GraphLaunches => _graphs?.Launches ?? 0;

    /// <inheritdoc/>
    public StepResult Execute(BatchPlan plan)
    {
        try
        {
            return Run(plan);
        }
        catch
        {
            Settle();
            throw;
        }
    }

    /// <inheritdoc/>
    public void CopyPage(int source, int destination) => _cache.CopyPage(_stream, source, destination);

    /// <inheritdoc/>
    public void Dispose()
    {
        while (_owned.TryPop(out var item))
            item.Dispose();
    }

    private StepResult Run(BatchPlan plan)
    {
        // What prompts launch is large enough to hide the host, and hardly ever of the same shape twice.
        var isRecordable = _graphs is not null && plan.Segments.All(segment => segment.Kind != SegmentKind.Prefill);
        var shape = StepShape.Of(plan, _pageSize, _predictor.HeadRows);
        if (isRecordable && plan.PaddedRows == 0)
            shape = shape.ToUsual(_maxRows);
        var capture = LayerCapture.Of(plan, _stream, _layers);
        _batch.Upload(_stream, plan, shape);
        _predictor.Begin(plan, shape);
        _profile?.BeginPlan(plan);
        _profile?.EndHost(StepPart.HostBatch);
        if (isRecordable && capture is null && !_predictor.NeedsHost)
            _graphs!.Run(shape);
        else
            Launch(shape, capture);
        _profile?.Begin();
        var predictions = _predictor.Finish(plan);
        if (_steps++ % StepsPerMemoryReading == 0)
            ReadMemory();
        _profile?.EndHost(StepPart.HostResults);
        _profile?.EndPlan();
        if (_result?.Predictions != predictions)
            _result = new StepResult(predictions);
        return capture is null ? _result : new StepResult(predictions) { CapturedRows = capture.ToRows() };
    }

    private void ReadMemory()
    {
        var (allocated, peak) = _device.Memory;
        Volatile.Write(ref _memoryAllocated, allocated);
        Volatile.Write(ref _memoryPeak, peak);
    }

    /// <summary>
    /// Waits for what a failed step has enqueued: it may still use buffers that the next step replaces, and what a kernel
    /// of it refused would be reported to the next one.
    /// </summary>
    private void Settle()
    {
        try
        {
            _stream.Synchronize();
        }
        catch (NativeException)
        {
            // The step has its error already.
        }
    }

    /// <summary>
    /// Enqueues all steps of a shape. A step takes the tokens of the one before it from where that one leaves them on the
    /// device: the host waits for none of them.
    /// </summary>
    private void Launch(StepShape shape, LayerCapture? capture)
    {
        for (var step = 0; step < shape.Steps; step++)
        {
            var ids = step == 0 ? _batch.Ids : _predictor.Results.Ids((step - 1) * shape.PredictedRows);
            var hidden = _forward.Launch(_batch, ids, step, shape, capture);
            _predictor.Launch(_batch, hidden, step, capture);
        }
    }

    private T Own<T>(T item)
        where T : IDisposable
    {
        _owned.Push(item);
        return item;
    }

    private NativeBuffer CreateRopeTable(RopeConfig rope, int positions)
    {
        var table = Own(NativeBuffer.Create(_device, (long)positions * rope.RotarySize * sizeof(float)));
        var rows = new float[RopeChunk * rope.RotarySize];
        for (var first = 0; first < positions; first += RopeChunk)
        {
            var chunk = rows.AsSpan(0, Math.Min(RopeChunk, positions - first) * rope.RotarySize);
            RopeTable.Fill(rope, first, chunk);
            table.Upload<float>(_stream, chunk, (long)first * rope.RotarySize * sizeof(float));
        }
        return table;
    }
}
