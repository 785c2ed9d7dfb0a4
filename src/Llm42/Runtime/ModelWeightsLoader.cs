using Llm42.Models;
using Llm42.Native;
using Llm42.Weights;

namespace Llm42.Runtime;

/// <summary>Brings the tensors of a source onto a device, fused as the decoder's description says.</summary>
internal sealed class ModelWeightsLoader
{
    private readonly NativeDevice _device;
    private readonly NativeStream _stream;
    private readonly IWeightSource _source;
    private readonly IProgress<LoadProgress>? _progress;
    private readonly CancellationToken _cancellation;
    private readonly List<IDisposable> _owned = [];
    private readonly DType _format;
    private readonly long _totalBytes;
    private long _loadedBytes;

    private ModelWeightsLoader(
        NativeDevice device,
        NativeStream stream,
        IWeightSource source,
        DecoderSpec spec,
        IProgress<LoadProgress>? progress,
        CancellationToken cancellation)
    {
        _device = device;
        _stream = stream;
        _source = source;
        _progress = progress;
        _cancellation = cancellation;
        // Tensor cores multiply what activations are made of; other devices keep the weights as they are.
        _format = device.Info.ActivationType == DType.Bf16 ? DType.Bf16 : DType.Default;
        _totalBytes = spec.Tensors.Sum(tensor => tensor.In(source).Size);
    }

    public static ModelWeights Load(
        NativeDevice device,
        NativeStream stream,
        IWeightSource source,
        DecoderSpec spec,
        IProgress<LoadProgress>? progress,
        CancellationToken cancellation)
    {
        var loader = new ModelWeightsLoader(device, stream, source, spec, progress, cancellation);
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
    public static long SizeOf(DecoderSpec spec, IWeightSource source, DType activationType)
    {
        long size = 0;
        foreach (var tensor in spec.Tensors.Select(tensor => tensor.In(source)))
        {
            var type = tensor.Shape.Count == 1 ? DType.F32 : activationType == DType.Bf16 ? DType.Bf16 : tensor.Dtype.ToNative();
            size += tensor.ElementCount * type.ElementSize();
        }
        return size;
    }

    private ModelWeights Load(DecoderSpec spec)
    {
        // The largest first: what is mapped while it is packed comes on top of what has been packed before.
        var embedding = Matrix([spec.Embedding], WeightLayout.Rows);
        var head = spec.Head is null ? embedding : Matrix([spec.Head], WeightLayout.Rows);
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
            Linear(moe.Router),
            Grouped([.. moe.Experts.Select(expert => expert.GateUp)]),
            Grouped([.. moe.Experts.Select(expert => expert.Down)])),
        _ => throw new InvalidOperationException($"a feed-forward part is a {spec.GetType().Name}, which has no weights."),
    };

    private LinearWeights Linear(LinearSpec spec) => new(
        Matrix(spec.Parts, LayoutOf(spec)), spec.Biases.Count == 0 ? null : Vector(spec.Biases));

    private NativeWeight Grouped(IReadOnlyList<LinearSpec> experts) =>
        Matrix([.. experts.SelectMany(expert => expert.Parts)], LayoutOf(experts[0]), experts.Count);

    private static WeightLayout LayoutOf(LinearSpec spec) => spec.IsGated ? WeightLayout.GateUp : WeightLayout.Rows;

    private NativeWeight Matrix(IReadOnlyList<TensorSpec> specs, WeightLayout layout, int groups = 1)
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
            Format = _format,
            Columns = (int)first.Shape[1],
            Layout = layout,
            Groups = groups,
        };
        var contents = new TensorContent[tensors.Length];
        try
        {
            for (var i = 0; i < contents.Length; i++)
                contents[i] = tensors[i].Open();
            var weight = NativeWeight.Create(
                _stream, options, [.. tensors.Zip(contents, (tensor, content) => new NativeWeightPart(content.Address, tensor.Size, tensor.Shape[0]))]);
            _owned.Add(weight);
            foreach (var content in contents)
                content.CheckRead();
            Report(tensors);
            return weight;
        }
        finally
        {
            foreach (var content in contents)
                content?.Dispose();
        }
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
