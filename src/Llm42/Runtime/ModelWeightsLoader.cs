using Llm42.Models;
using Llm42.Native;
using Llm42.PackedWeights;
using Llm42.Weights;

namespace Llm42.Runtime;

/// <summary>Brings the tensors of a source onto a device, fused as the decoder's description says.</summary>
internal sealed class ModelWeightsLoader
{
    private readonly NativeDevice _device;
    private readonly NativeStream _stream;
    private readonly IWeightSource _source;
    private readonly PackedWeightCache? _cache;
    private readonly IProgress<LoadProgress>? _progress;
    private readonly CancellationToken _cancellation;
    private readonly List<IDisposable> _owned = [];
    private readonly DType _format;
    private readonly bool _hasInt8Weights;
    private readonly bool _hasInt8Drafts;
    private readonly long _totalBytes;
    private long _loadedBytes;

    private ModelWeightsLoader(
        NativeDevice device,
        NativeStream stream,
        IWeightSource source,
        DecoderSpec spec,
        ExecutorOptions options,
        PackedWeightCache? cache,
        IProgress<LoadProgress>? progress,
        CancellationToken cancellation)
    {
        _cache = cache;
        _device = device;
        _stream = stream;
        _source = source;
        _progress = progress;
        _cancellation = cancellation;
        // Tensor cores multiply what activations are made of; other devices keep the weights as they are.
        _format = device.Info.ActivationType == DType.Bf16 ? DType.Bf16 : DType.Default;
        _hasInt8Weights = options.HasInt8Weights;
        _hasInt8Drafts = options.HasInt8Drafts;
        _totalBytes = spec.Tensors.Sum(tensor => tensor.In(source).Size);
    }

    public static ModelWeights Load(
        NativeDevice device,
        NativeStream stream,
        IWeightSource source,
        DecoderSpec spec,
        ExecutorOptions options,
        PackedWeightCache? cache,
        IProgress<LoadProgress>? progress,
        CancellationToken cancellation)
    {
        RefuseInt8Experts(spec, options, device.Info.ActivationType);
        var loader = new ModelWeightsLoader(device, stream, source, spec, options, cache, progress, cancellation);
        try
        {
            return loader.Load(spec);
        }
        catch
        {
            foreach (var item in loader._owned)
                item.Dispose();
            throw;
        }
    }

    /// <summary>Bytes that the weights take on a device with such activations: matrices as it multiplies them, vectors as f32.</summary>
    /// <exception cref="ArgumentException">The options ask for int8 where the device has a part of the model in no such form.</exception>
    public static long SizeOf(DecoderSpec spec, IWeightSource source, ExecutorOptions options, DType activationType)
    {
        RefuseInt8Experts(spec, options, activationType);
        var hasInt8 = options.HasInt8Weights || options.HasInt8Drafts;
        var routers = spec.Layers.Select(layer => layer.FeedForward).OfType<MoeSpec>().SelectMany(moe => moe.Router.Parts).Select(part => part.Name).ToHashSet();
        long size = 0;
        foreach (var tensor in spec.Tensors.Select(tensor => tensor.In(source)))
        {
            var type = tensor.Shape.Count == 1 ? DType.F32 : activationType == DType.Bf16 ? DType.Bf16 : tensor.Dtype.ToNative();
            var isLookedUp = tensor.Name == spec.Embedding.Name;
            // A tied embedding is looked up in as it is, and multiplied with as int8: it is held twice.
            var isAlwaysOriginal = tensor.Shape.Count == 1 || routers.Contains(tensor.Name);
            if (isAlwaysOriginal || isLookedUp || !options.HasInt8Weights)
                size += tensor.ElementCount * type.ElementSize();
            if (hasInt8 && !isAlwaysOriginal && (!isLookedUp || spec.Head is null))
                size += tensor.ElementCount + (tensor.Shape[0] * sizeof(float));
        }
        return size;
    }

    private static void RefuseInt8Experts(DecoderSpec spec, ExecutorOptions options, DType activationType)
    {
        if (activationType == DType.Bf16 && (options.HasInt8Weights || options.HasInt8Drafts)
            && spec.Layers.Any(layer => layer.FeedForward is MoeSpec { Experts.Count: > 1 }))
            throw new ArgumentException(
                options.HasInt8Weights
                    ? "WeightFormat is \"int8\", but the model has experts, whose weights have no int8 form on a GPU; make it \"original\"."
                    : "Drafter is Int8Weights, but the model has experts, whose weights have no int8 form on a GPU; make it Same, Ngram or None.");
    }

    private ModelWeights Load(DecoderSpec spec)
    {
        // The largest first: what is mapped while it is packed comes on top of what has been packed before.
        var (embedding, head) = spec.Head is null ? TiedEmbedding(spec.Embedding) : (Stored(spec.Embedding), Matrix([spec.Head], WeightLayout.Rows));
        var layers = new LayerWeights[spec.Layers.Count];
        for (var i = 0; i < layers.Length; i++)
            layers[i] = Layer(spec.Layers[i]);
        var finalNorm = Vector([spec.FinalNorm]);
        _stream.Synchronize();
        return new ModelWeights(embedding, layers, finalNorm, head, _owned);
    }

    private LayerWeights Layer(DecoderLayerSpec spec) => new(
        Vector([spec.AttentionNorm]),
        Linear(spec.QueryKeyValue),
        spec.QueryNorm is null ? null : Vector([spec.QueryNorm]),
        spec.KeyNorm is null ? null : Vector([spec.KeyNorm]),
        Linear(spec.AttentionOutput),
        Vector([spec.MlpNorm]),
        FeedForward(spec.FeedForward));

    private FeedForwardWeights FeedForward(FeedForwardSpec spec) => spec switch
    {
        MlpSpec mlp => new MlpWeights(Linear(mlp.GateUp), Linear(mlp.Down)),
        MoeSpec moe => new MoeWeights(
            // Small, and what it says decides which experts are asked: never int8.
            Original(moe.Router),
            Grouped([.. moe.Experts.Select(expert => expert.GateUp)]),
            Grouped([.. moe.Experts.Select(expert => expert.Down)])),
        _ => throw new InvalidOperationException($"a feed-forward part is a {spec.GetType().Name}, which has no weights."),
    };

    private LinearWeights Linear(LinearSpec spec) => new(
        Matrix(spec.Parts, LayoutOf(spec)), spec.Biases.Count == 0 ? null : Vector(spec.Biases));

    private LinearWeights Original(LinearSpec spec) => new(
        new MatrixWeights(Pack(spec.Parts, LayoutOf(spec), 1, [_format])[0]), spec.Biases.Count == 0 ? null : Vector(spec.Biases));

    private MatrixWeights Grouped(IReadOnlyList<LinearSpec> experts) =>
        Matrix([.. experts.SelectMany(expert => expert.Parts)], LayoutOf(experts[0]), experts.Count);

    /// <summary>A table that rows are read from.</summary>
    private NativeWeight Stored(TensorSpec spec) => Pack([spec], WeightLayout.Rows, 1, [_format])[0];

    /// <summary>A table that rows are read from, and the head that is made of it: the same object unless that is int8.</summary>
    private (NativeWeight Table, MatrixWeights Head) TiedEmbedding(TensorSpec spec)
    {
        if (!_hasInt8Weights && !_hasInt8Drafts)
        {
            var only = Stored(spec);
            return (only, new MatrixWeights(only));
        }
        var packed = Pack([spec], WeightLayout.Rows, 1, [_format, DType.I8]);
        return (packed[0], _hasInt8Weights ? new MatrixWeights(packed[1]) : new MatrixWeights(packed[0], packed[1]));
    }

    private MatrixWeights Matrix(IReadOnlyList<TensorSpec> specs, WeightLayout layout, int groups = 1)
    {
        if (_hasInt8Weights)
            return new MatrixWeights(Pack(specs, layout, groups, [DType.I8])[0]);
        if (!_hasInt8Drafts)
            return new MatrixWeights(Pack(specs, layout, groups, [_format])[0]);
        var packed = Pack(specs, layout, groups, [_format, DType.I8]);
        return new MatrixWeights(packed[0], packed[1]);
    }

    private static WeightLayout LayoutOf(LinearSpec spec) => spec.IsGated ? WeightLayout.GateUp : WeightLayout.Rows;

    /// <summary>Reads matrices once, and packs them in each of the formats.</summary>
    private NativeWeight[] Pack(IReadOnlyList<TensorSpec> specs, WeightLayout layout, int groups, ReadOnlySpan<DType> formats)
    {
        _cancellation.ThrowIfCancellationRequested();
        var tensors = specs.Select(spec => spec.In(_source)).ToArray();
        var first = tensors[0];
        foreach (var tensor in tensors)
        {
            if (tensor.Dtype != first.Dtype)
                throw new ModelFormatException(
                    tensor.File,
                    $"tensor \"{tensor.Name}\" is {tensor.Dtype.Name()}, but \"{first.Name}\" is {first.Dtype.Name()}; "
                    + "they are fused and must agree.");
        }

        var options = new NativeWeightOptions
        {
            SourceType = first.Dtype.ToNative(),
            Columns = (int)first.Shape[1],
            Layout = layout,
            Groups = groups,
        };
        var contents = new TensorContent[tensors.Length];
        try
        {
            // What is read from a cache needs none of them.
            for (var i = 0; i < contents.Length && _cache is not { IsThere: true }; i++)
                contents[i] = tensors[i].Open();
            var name = $"{string.Join(' ', tensors.Select(tensor => tensor.Name))} {first.Dtype.Name()}";
            var rows = tensors.Sum(tensor => tensor.Shape[0]) / groups;
            var weights = new NativeWeight[formats.Length];
            for (var i = 0; i < weights.Length; i++)
            {
                var form = options with { Format = formats[i] };
                weights[i] = _cache?.Get(_stream, name, form, rows, () => Create(form), _cancellation) ?? Create(form);
                _owned.Add(weights[i]);
            }
            foreach (var content in contents)
                content?.CheckRead();
            Report(tensors);
            return weights;
        }
        finally
        {
            foreach (var content in contents)
                content?.Dispose();
        }

        NativeWeight Create(NativeWeightOptions form) => NativeWeight.Create(
            _stream, form, [.. tensors.Zip(contents, (tensor, content) => new NativeWeightPart(content.Address, tensor.Size, tensor.Shape[0]))]);
    }

    private NativeBuffer Vector(IReadOnlyList<TensorSpec> specs)
    {
        var tensors = specs.Select(spec => spec.In(_source)).ToArray();
        var values = new float[tensors.Sum(tensor => tensor.ElementCount)];
        var offset = 0;
        foreach (var tensor in tensors)
        {
            tensor.ReadFloats(values.AsSpan(offset, (int)tensor.ElementCount));
            offset += (int)tensor.ElementCount;
        }
        var buffer = NativeBuffer.Create(_device, (long)values.Length * sizeof(float));
        _owned.Add(buffer);
        buffer.Upload<float>(_stream, values);
        Report(tensors);
        return buffer;
    }

    private void Report(Tensor[] tensors)
    {
        _loadedBytes += tensors.Sum(tensor => tensor.Size);
        _progress?.Report(new LoadProgress(_loadedBytes, _totalBytes));
    }
}
