namespace Llm42.Weights;

/// <summary>Reads model.safetensors.index.json: which file holds which tensor.</summary>
internal static class SafetensorsIndex
{
    /// <summary>File name by tensor name. File names are plain names in the index's own directory.</summary>
    public static IReadOnlyDictionary<string, string> Read(string path)
    {
        var members = JsonText.Members(path, "the index", JsonText.ReadObject(path))
            .ToDictionary(StringComparer.Ordinal);
        if (!members.TryGetValue("weight_map", out var map))
            throw new ModelFormatException(path, "the index has no field \"weight_map\".");

        var files = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (tensor, value) in JsonText.Members(path, "weight_map", map))
        {
            var file = JsonText.String(path, $"weight_map[\"{tensor}\"]", value);
            if (!IsPlainName(file))
                throw new ModelFormatException(
                    path,
                    $"weight_map[\"{tensor}\"] is \"{JsonText.Shorten(file)}\"; it must be the name of a .safetensors file in the same folder.");
            files.Add(tensor, file);
        }
        return files.Count > 0 ? files : throw new ModelFormatException(path, "weight_map is empty.");
    }

    // Both separators on every system, so that a directory means the same everywhere.
    private static bool IsPlainName(string file) =>
        file.EndsWith(".safetensors", StringComparison.Ordinal)
        && file.AsSpan().IndexOfAny("/\\:\0") < 0
        && !file.Contains("..", StringComparison.Ordinal);
}
