namespace Llm42.Weights;

/// <summary>The tensors of one safetensors file, or of the shards that an index lists.</summary>
public sealed class SafetensorsSource : IWeightSource
{
    /// <summary>Name of the single file.</summary>
    public const string FileName = "model.safetensors";

    /// <summary>Name of the index of several files.</summary>
    public const string IndexFileName = "model.safetensors.index.json";

    private readonly List<MappedFile> _files = [];
    private readonly Dictionary<string, Tensor> _tensors = new(StringComparer.Ordinal);

    private SafetensorsSource(string path) => Path = path;

    /// <inheritdoc/>
    public string Path { get; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Tensors => _tensors;

    /// <summary>Opens the weights of a model directory: the index if there is one, else the single file.</summary>
    /// <exception cref="ModelFormatException">A file is missing or malformed.</exception>
    public static SafetensorsSource Open(string modelDirectory)
    {
        var index = System.IO.Path.Combine(modelDirectory, IndexFileName);
        var single = System.IO.Path.Combine(modelDirectory, FileName);
        if (System.IO.Path.Exists(index))
            return OpenIndex(index);
        return System.IO.Path.Exists(single)
            ? OpenFile(single)
            : throw new ModelFormatException(
                modelDirectory, $"holds neither {FileName} nor {IndexFileName}; other weight formats are not read.");
    }

    /// <summary>Opens one safetensors file.</summary>
    /// <exception cref="ModelFormatException">The file is missing or malformed.</exception>
    public static SafetensorsSource OpenFile(string path)
    {
        var source = new SafetensorsSource(path);
        try
        {
            foreach (var tensor in source.Map(path))
                source._tensors.Add(tensor.Name, tensor);
            return source;
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    /// <summary>Opens the files that an index lists.</summary>
    /// <exception cref="ModelFormatException">The index or a file is missing or malformed, or they disagree.</exception>
    public static SafetensorsSource OpenIndex(string path)
    {
        var source = new SafetensorsSource(path);
        try
        {
            source.AddShards(SafetensorsIndex.Read(path));
            return source;
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var file in _files)
            file.Dispose();
        _files.Clear();
        _tensors.Clear();
    }

    private void AddShards(IReadOnlyDictionary<string, string> weightMap)
    {
        var directory = System.IO.Path.GetDirectoryName(Path)!;
        foreach (var shard in weightMap.Values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            var file = System.IO.Path.Combine(directory, shard);
            if (!File.Exists(file))
                throw new ModelFormatException(Path, $"weight_map names the file \"{shard}\", which does not exist.");
            foreach (var tensor in Map(file))
            {
                if (!weightMap.TryGetValue(tensor.Name, out var owner))
                    throw new ModelFormatException(
                        Path, $"weight_map does not list tensor \"{tensor.Name}\", which {shard} holds.");
                if (owner != shard)
                    throw new ModelFormatException(
                        Path, $"weight_map puts tensor \"{tensor.Name}\" into {owner}, but {shard} holds one too.");
                _tensors.Add(tensor.Name, tensor);
            }
        }
        foreach (var (name, shard) in weightMap)
        {
            if (!_tensors.ContainsKey(name))
                throw new ModelFormatException(
                    Path, $"weight_map puts tensor \"{name}\" into {shard}, which does not hold it.");
        }
    }

    private IReadOnlyList<Tensor> Map(string path)
    {
        var file = new MappedFile(path);
        _files.Add(file);
        return SafetensorsHeader.Read(file);
    }
}
