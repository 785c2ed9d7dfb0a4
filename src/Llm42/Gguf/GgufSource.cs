using Llm42.Weights;

namespace Llm42.Gguf;

/// <summary>
/// The tensors of a GGUF model under Hugging Face's names, in its shapes and its order of rows, so that F32, F16 and
/// BF16 tensors have the bytes that they had before they were converted. Q8_0 appears as f16.
/// </summary>
internal sealed class GgufSource : IWeightSource
{
    private const int MaxHeadBytes = 1 << 28;
    private const int MaxExperts = 1 << 16;
    private const int MaxTensors = 1 << 20;
    private const int MaxVector = 1 << 16;

    private readonly GgufModel _model;
    private readonly Dictionary<string, Tensor> _tensors = new(StringComparer.Ordinal);

    /// <param name="model">Disposed by its owner, behind the source.</param>
    public GgufSource(GgufModel model)
    {
        _model = model;
        var architecture = GgufArchitecture.Of(model);
        foreach (var info in model.Tensors.Values)
        {
            if (!GgufTensorNames.IsConfig(info.Name))
                Add(architecture, info);
        }
    }

    public string Path => _model.Path;

    public IReadOnlyDictionary<string, Tensor> Tensors => _tensors;

    public void Dispose() => _tensors.Clear();

    /// <summary>Reads a vector as f32.</summary>
    public static float[] ReadFloats(GgufTensorInfo info)
    {
        if (info.Shape.Count != 1 || info.Shape[0] > MaxVector)
            throw new ModelFormatException(
                info.File.Path, $"{info.Title} has the shape {Tensor.Format(info.Shape)}; it must be a vector of at most {MaxVector} elements.");
        var floats = new float[info.Shape[0]];
        new Tensor(info.Name, DtypeOf(info.Type), info.Shape, StorageOf(info)).ReadFloats(floats);
        return floats;
    }

    private void Add(GgufArchitecture architecture, GgufTensorInfo info)
    {
        // What has no counterpart keeps its name, so that it is found to have no place in the architecture.
        var found = GgufTensorNames.Find(architecture, info.Name);
        var tensor = new Tensor(found ?? info.Name, DtypeOf(info.Type), info.Shape, Ordered(architecture, info));
        if (found is null || !GgufTensorNames.IsStacked(found))
        {
            AddNamed(info, tensor);
            return;
        }

        var expertsKey = architecture.KeyOf("expert_count");
        var experts = _model.Metadata.Integer(expertsKey, 1, MaxExperts);
        if (info.Shape[0] != experts || info.Shape.Count < 2)
            throw new ModelFormatException(
                info.File.Path,
                $"{info.Title} has the shape {Tensor.Format(info.Shape)}; it must hold a matrix for each of {expertsKey} = {experts} experts.");
        for (long expert = 0; expert < experts; expert++)
            AddNamed(info, tensor.Entry(GgufTensorNames.OfExpert(found, expert), expert));
    }

    private void AddNamed(GgufTensorInfo info, Tensor tensor)
    {
        if (_tensors.Count == MaxTensors)
            throw new ModelFormatException(info.File.Path, $"holds more than {MaxTensors} tensors, those of each expert counted.");
        if (!_tensors.TryAdd(tensor.Name, tensor))
            throw new ModelFormatException(info.File.Path, $"{info.Title} and another tensor both stand for \"{tensor.Name}\".");
    }

    private TensorStorage Ordered(GgufArchitecture architecture, GgufTensorInfo info)
    {
        var storage = StorageOf(info);
        if (architecture.HeadRows == GgufHeadRows.InHalves)
            return storage;
        var part = info.Name.AsSpan();
        var isKey = part.EndsWith(".attn_k.weight") || part.EndsWith(".attn_k.bias");
        if (!isKey && !part.EndsWith(".attn_q.weight") && !part.EndsWith(".attn_q.bias"))
            return storage;

        const string HeadCount = "attention.head_count";
        var heads = architecture.Uniform(_model.Metadata, HeadCount) ?? throw _model.Metadata.Missing(architecture.KeyOf(HeadCount));
        if (isKey)
            heads = architecture.Uniform(_model.Metadata, "attention.head_count_kv") ?? heads;
        var rows = info.Shape[0];
        if (heads == 0 || rows % (2 * heads) != 0)
            throw new ModelFormatException(
                info.File.Path, $"{info.Title} has {rows} rows; {heads} heads need a multiple of {2 * heads}.");
        var rowSize = storage.Size / rows;
        if (rows / heads > MaxHeadBytes / rowSize)
            throw new ModelFormatException(
                info.File.Path, $"{info.Title} has heads of {rows / heads} rows of {rowSize} bytes; a head has at most {MaxHeadBytes} bytes.");
        return new HeadRowsStorage(storage, (int)(rows / heads), rowSize);
    }

    private static TensorStorage StorageOf(GgufTensorInfo info) => info.Type == GgufTensorType.Q8_0
        ? new Q8Storage(info)
        : new MappedStorage(info.File.File, info.Offset, info.Size);

    private static TensorDtype DtypeOf(GgufTensorType type) =>
        type == GgufTensorType.F32 ? TensorDtype.F32 : type == GgufTensorType.BF16 ? TensorDtype.BF16 : TensorDtype.F16;
}
