using Llm42.ModelFiles;
using Llm42.Weights;

namespace Llm42.Inspection;

/// <summary>The weight files of a model, those of a directory opened one by one, so that a damaged one does not hide the others.</summary>
internal sealed class WeightFiles : IDisposable
{
    private readonly List<IWeightSource> _sources = [];
    private readonly List<VerificationFinding> _findings;
    private readonly HashSet<string> _damaged = new(StringComparer.Ordinal);
    private IReadOnlyDictionary<string, string>? _map;

    private WeightFiles(string directory, List<VerificationFinding> findings)
    {
        Directory = directory;
        _findings = findings;
    }

    /// <summary>The model directory, or the GGUF file.</summary>
    public string Directory { get; }

    /// <summary>Every tensor that was found, by name.</summary>
    public Dictionary<string, Tensor> Tensors { get; } = new(StringComparer.Ordinal);

    /// <summary>Opens what is there and says what is wrong with it.</summary>
    public static WeightFiles Open(ModelFileSet model, List<VerificationFinding> findings)
    {
        var files = new WeightFiles(model.Path, findings);
        try
        {
            if (model is HuggingFaceFileSet)
                files.OpenAll();
            else
                files.OpenSource(model);
            return files;
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    /// <summary>True if a tensor that was not found may lie in a file that could not be read.</summary>
    public bool MayHoldDamaged(string tensor) =>
        _damaged.Count > 0 && (_map is null || !_map.TryGetValue(tensor, out var file) || _damaged.Contains(file));

    /// <summary>Tensors that the index puts into a file which does not hold them.</summary>
    public IEnumerable<(string Tensor, string File)> Misplaced() => (_map ?? new Dictionary<string, string>())
        .Where(entry => !_damaged.Contains(entry.Value) && !Holds(entry.Value, entry.Key))
        .Select(entry => (entry.Key, entry.Value));

    public void Dispose()
    {
        foreach (var source in _sources)
            source.Dispose();
    }

    // What is opened as a whole is sound as a whole, or not at all.
    private void OpenSource(ModelFileSet model)
    {
        try
        {
            var source = model.OpenWeights();
            _sources.Add(source);
            foreach (var (name, tensor) in source.Tensors)
                Tensors.Add(name, tensor);
        }
        catch (ModelFormatException error)
        {
            _damaged.Add(Directory);
            _findings.Add(VerificationFinding.Problem(error.File, error));
        }
    }

    private void OpenAll()
    {
        var index = Path.Combine(Directory, SafetensorsSource.IndexFileName);
        if (Path.Exists(index))
        {
            try
            {
                _map = SafetensorsIndex.Read(index);
            }
            catch (ModelFormatException error)
            {
                _findings.Add(VerificationFinding.Problem(error.File, error));
            }
        }

        // Where the index is damaged, what its shards are called is still to be seen.
        var names = _map is not null
            ? _map.Values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToArray()
            : Path.Exists(index) && System.IO.Directory.Exists(Directory)
                ? [.. System.IO.Directory.GetFiles(Directory, "*.safetensors").Select(file => Path.GetFileName(file)!).Order(StringComparer.Ordinal)]
                : [SafetensorsSource.FileName];
        foreach (var name in names)
            Open(name);
    }

    private void Open(string name)
    {
        var path = Path.Combine(Directory, name);
        if (!File.Exists(path))
        {
            _damaged.Add(name);
            _findings.Add(VerificationFinding.Problem(path, System.IO.Directory.Exists(path) ? "is a directory, not a file." : "the file does not exist."));
            return;
        }
        try
        {
            var source = SafetensorsSource.OpenFile(path);
            _sources.Add(source);
            foreach (var (tensor, content) in source.Tensors)
                Add(name, tensor, content);
        }
        catch (ModelFormatException error)
        {
            _damaged.Add(name);
            _findings.Add(VerificationFinding.Problem(error.File, error));
        }
    }

    private void Add(string file, string name, Tensor tensor)
    {
        if (!Tensors.TryAdd(name, tensor))
            _findings.Add(VerificationFinding.Problem(tensor.File, $"{Path.GetFileName(Tensors[name].File)} holds the tensor too.", name));
        else if (_map is not null && !_map.ContainsKey(name))
            _findings.Add(VerificationFinding.Problem(tensor.File, $"{SafetensorsSource.IndexFileName} does not list the tensor.", name));
        else if (_map is not null && _map[name] != file)
            _findings.Add(VerificationFinding.Problem(
                tensor.File, $"{SafetensorsSource.IndexFileName} says that the tensor is in {_map[name]}.", name));
    }

    private bool Holds(string file, string tensor) =>
        Tensors.TryGetValue(tensor, out var found) && Path.GetFileName(found.File) == file;
}
