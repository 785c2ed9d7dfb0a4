using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Configuration;

namespace Llm42.Cli.Options;

/// <summary>A JSON object of options by name, without dashes; "Kestrel" in it is Kestrel's own configuration.</summary>
internal sealed class ConfigurationFile
{
    /// <summary>The key that is no option.</summary>
    public const string KestrelKey = "Kestrel";

    private const long MaxBytes = 1 << 20;

    private static readonly JsonDocumentOptions Json = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    private ConfigurationFile(string path, IReadOnlyList<KeyValuePair<string, JsonElement>> entries, IConfiguration? kestrel)
    {
        Path = path;
        Entries = entries;
        Kestrel = kestrel;
    }

    public string Path { get; }

    /// <summary>What the file says of options, each key once.</summary>
    public IReadOnlyList<KeyValuePair<string, JsonElement>> Entries { get; }

    /// <summary>Holds the section "Kestrel"; null where the file has none.</summary>
    public IConfiguration? Kestrel { get; }

    /// <exception cref="UsageException">There is no such file, or it holds no JSON object.</exception>
    public static ConfigurationFile Read(string path)
    {
        try
        {
            var file = new FileInfo(path);
            if (file.Exists && file.Length > MaxBytes)
                throw new UsageException($"the configuration file {path} has {file.Length} bytes; it must have at most {MaxBytes}.");
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path), Json);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw new UsageException($"the configuration file {path} holds {Kind(document.RootElement)}; it must hold an object of options by name.");
            return Of(path, document.RootElement.Clone());
        }
        catch (JsonException error)
        {
            throw new UsageException($"the configuration file {path} is not valid JSON: {error.Message}");
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"the configuration file {path} cannot be read: {error.Message}");
        }
    }

    /// <summary>What an element is, for errors.</summary>
    public static string Kind(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.Null => "null",
        _ => element.GetRawText(),
    };

    private static ConfigurationFile Of(string path, JsonElement root)
    {
        List<KeyValuePair<string, JsonElement>> entries = [];
        IConfiguration? kestrel = null;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (JsonProperty entry in root.EnumerateObject())
        {
            if (!seen.Add(entry.Name))
                throw new UsageException($"the configuration file {path} has \"{entry.Name}\" twice; leave one out.");
            if (entry.Name != KestrelKey)
            {
                entries.Add(new(entry.Name, entry.Value));
                continue;
            }

            if (entry.Value.ValueKind != JsonValueKind.Object)
                throw new UsageException($"\"{KestrelKey}\" in {path} is {Kind(entry.Value)}; it must be an object.");
            byte[] section = Encoding.UTF8.GetBytes($"{{\"{KestrelKey}\": {entry.Value.GetRawText()}}}");
            kestrel = new ConfigurationBuilder().AddJsonStream(new MemoryStream(section)).Build();
        }

        return new ConfigurationFile(path, entries, kestrel);
    }
}
