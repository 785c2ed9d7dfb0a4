using System.Text.Json;
using Llm42.Bindings.Generator.Model;

namespace Llm42.Bindings.Generator.Reading;

/// <summary>
/// Places of the nodes of clang's syntax tree. Clang leaves out the file and the line of a place where they equal
/// those of the place printed before, so the whole tree is walked once in document order.
/// </summary>
public sealed class LocationMap
{
    private readonly string _includeFolder;
    private readonly Dictionary<string, SourceLocation> _locations = [];
    private string _file = "";
    private int _line;

    /// <summary>Walks a tree.</summary>
    public LocationMap(JsonElement root, string includeFolder)
    {
        _includeFolder = Path.GetFullPath(includeFolder);
        Visit(root);
    }

    /// <summary>Place of a node, with the header relative to the include folder; null if it stands elsewhere.</summary>
    public SourceLocation? Find(JsonElement node)
    {
        if (!_locations.TryGetValue(node.GetProperty("id").GetString()!, out SourceLocation location)
            || string.IsNullOrEmpty(location.Header))
        {
            return null;
        }

        string relative = Path.GetRelativePath(_includeFolder, Path.GetFullPath(location.Header)).Replace('\\', '/');
        return relative.StartsWith("../", StringComparison.Ordinal) || Path.IsPathRooted(relative)
            ? null
            : location with { Header = relative };
    }

    private void Visit(JsonElement node)
    {
        foreach (JsonProperty property in node.EnumerateObject())
        {
            switch (property.Name)
            {
                case "loc":
                    SourceLocation location = Read(property.Value);
                    _locations[node.GetProperty("id").GetString()!] = location;
                    break;
                case "range":
                    Read(property.Value.GetProperty("begin"));
                    Read(property.Value.GetProperty("end"));
                    break;
                case "inner":
                    foreach (JsonElement child in node.Children())
                    {
                        Visit(child);
                    }

                    break;
            }
        }
    }

    private SourceLocation Read(JsonElement place)
    {
        if (place.TryGetProperty("spellingLoc", out JsonElement spelling))
        {
            Read(spelling);
            return Read(place.GetProperty("expansionLoc"));
        }

        if (!place.TryGetProperty("offset", out _))
        {
            return default;
        }

        if (place.TryGetProperty("file", out JsonElement file))
        {
            _file = file.GetString()!;
        }

        if (place.TryGetProperty("line", out JsonElement line))
        {
            _line = line.GetInt32();
        }

        return new SourceLocation(_file, _line);
    }
}
