using System.Globalization;
using System.Text.RegularExpressions;

namespace Llm42.Gguf;

/// <summary>A model in one GGUF file, or in several that belong together: the first has the metadata, each has tensors.</summary>
internal sealed partial class GgufModel : IDisposable
{
    private const int MaxParts = 99999;
    private const string CountKey = "split.count";
    private const string NumberKey = "split.no";
    private const string TensorCountKey = "split.tensors.count";

    private readonly List<GgufFile> _files = [];
    private readonly Dictionary<string, GgufTensorInfo> _tensors = new(StringComparer.Ordinal);

    private GgufModel(string path) => Path = path;

    /// <summary>The only or the first file.</summary>
    public string Path { get; }

    public GgufMetadata Metadata => _files[0].Metadata;

    /// <summary>All tensors by their names in the file.</summary>
    public IReadOnlyDictionary<string, GgufTensorInfo> Tensors => _tensors;

    /// <summary>Opens a file and the parts that follow it.</summary>
    /// <exception cref="ModelFormatException">A file is missing, malformed or not supported, or they do not belong together.</exception>
    public static GgufModel Open(string path)
    {
        var model = new GgufModel(path);
        try
        {
            model.OpenParts();
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>The files that a folder's models begin with: parts behind the first are left out.</summary>
    public static string[] FindIn(string directory) =>
    [
        .. Directory.EnumerateFiles(directory, $"*{GgufFile.Extension}")
            .Where(file => PartName().Match(System.IO.Path.GetFileName(file)) is not { Success: true } part || part.Groups["number"].Value == "00001")
            .Order(StringComparer.Ordinal),
    ];

    public void Dispose()
    {
        foreach (var file in _files)
            file.Dispose();
        _files.Clear();
        _tensors.Clear();
    }

    private void OpenParts()
    {
        var first = Add(Path);
        var count = (int)Metadata.Integer(CountKey, 0, MaxParts, 1);
        if (count <= 1)
            return;
        var part = PartName().Match(System.IO.Path.GetFileName(Path));
        if (!part.Success || part.Groups["count"].Value != Digits(count))
            throw new ModelFormatException(
                Path, $"is a part of {count}; its name must end in \"-00001-of-{Digits(count)}{GgufFile.Extension}\" so that the others are found.");
        CheckNumber(first, 0);
        for (var i = 1; i < count; i++)
        {
            var path = System.IO.Path.Combine(
                System.IO.Path.GetDirectoryName(Path)!, $"{part.Groups["stem"].Value}-{Digits(i + 1)}-of-{Digits(count)}{GgufFile.Extension}");
            if (!File.Exists(path))
                throw new ModelFormatException(path, $"the file does not exist, though {Path} is a part of {count}.");
            var file = Add(path);
            if (file.Metadata.Integer(CountKey, 0, MaxParts, 0) != count)
                throw file.Metadata.Has(CountKey)
                    ? file.Metadata.Wrong(CountKey, $"{count}, as in {Path}")
                    : file.Metadata.Missing(CountKey);
            CheckNumber(file, i);
        }
        if (Metadata.Has(TensorCountKey) && Metadata.Integer(TensorCountKey, 0, int.MaxValue) != _tensors.Count)
            throw Metadata.Wrong(TensorCountKey, $"the number of tensors in all parts, which is {_tensors.Count}");
    }

    private GgufFile Add(string path)
    {
        var file = GgufFile.Open(path);
        _files.Add(file);
        foreach (var tensor in file.Tensors)
        {
            if (!_tensors.TryAdd(tensor.Name, tensor))
                throw new ModelFormatException(path, $"holds {tensor.Title}, which {_tensors[tensor.Name].File.Path} holds too.");
        }
        return file;
    }

    private void CheckNumber(GgufFile file, int number)
    {
        if (file.Metadata.Integer(NumberKey, 0, MaxParts, number) != number)
            throw file == _files[0]
                ? new ModelFormatException(
                    Path, $"is part {file.Metadata.Integer(NumberKey, 0, MaxParts) + 1} of a model; name the first part, which ends in \"-00001-of-...\".")
                : file.Metadata.Wrong(NumberKey, $"{number}");
    }

    private static string Digits(int number) => number.ToString("D5", CultureInfo.InvariantCulture);

    [GeneratedRegex("^(?<stem>.+)-(?<number>[0-9]{5})-of-(?<count>[0-9]{5})\\.gguf$", RegexOptions.CultureInvariant)]
    private static partial Regex PartName();
}
