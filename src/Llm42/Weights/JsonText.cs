using System.Text.Json;
using System.Text.Unicode;

namespace Llm42.Weights;

/// <summary>Strict parsing of the JSON of a model directory: any defect becomes a <see cref="ModelFormatException"/>.</summary>
internal static class JsonText
{
    /// <summary>Longest JSON file read; real ones stay far below.</summary>
    public const long MaxFileSize = 64 << 20;

    private const int MaxNameLength = 1024;

    /// <summary>Reads a file that holds one JSON object.</summary>
    public static JsonElement ReadObject(string path)
    {
        byte[] text;
        try
        {
            text = RegularFile.Read(path, MaxFileSize);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ModelFormatException(path, $"cannot be read: {error.Message}", error);
        }
        return ParseObject(path, "the file", text);
    }

    /// <summary>Parses one JSON object; <paramref name="what"/> names the text in errors.</summary>
    public static JsonElement ParseObject(string path, string what, ReadOnlyMemory<byte> text)
    {
        // A byte-order mark is tolerated in front of a file.
        if (text.Span.StartsWith("\uFEFF"u8))
            text = text[3..];
        if (!Utf8.IsValid(text.Span))
            throw new ModelFormatException(path, $"{what} is not valid UTF-8.");
        try
        {
            using var document = JsonDocument.Parse(text);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw new ModelFormatException(
                    path, $"{what} must be a JSON object, found {document.RootElement.ValueKind}.");
            return document.RootElement.Clone();
        }
        catch (JsonException error)
        {
            throw new ModelFormatException(path, $"{what} is not valid JSON: {error.Message}", error);
        }
    }

    /// <summary>The members of an object; a name given twice, or not valid Unicode, is refused.</summary>
    public static IEnumerable<KeyValuePair<string, JsonElement>> Members(string path, string what, JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.Object)
            throw new ModelFormatException(path, $"{what} must be a JSON object, found {element.ValueKind}.");
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var member in element.EnumerateObject())
        {
            var name = NameOf(path, what, member);
            if (name.Length > MaxNameLength)
                throw new ModelFormatException(
                    path, $"{what} holds a name of {name.Length} characters; at most {MaxNameLength} are read.");
            if (!seen.Add(name))
                throw new ModelFormatException(path, $"{what} holds the name \"{name}\" twice.");
            yield return new(name, member.Value);
        }
    }

    /// <summary>A string value; anything else is refused.</summary>
    public static string String(string path, string what, JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.String)
            throw new ModelFormatException(path, $"{what} must be a string, found {Shorten(element)}.");
        try
        {
            return element.GetString()!;
        }
        catch (InvalidOperationException error)
        {
            throw new ModelFormatException(path, $"{what} is not valid Unicode text.", error);
        }
    }

    /// <summary>A value as it stands in the file, cut to a length that fits into a message.</summary>
    public static string Shorten(JsonElement element) => Shorten(element.GetRawText());

    /// <summary>A text from a file, cut to a length that fits into a message.</summary>
    public static string Shorten(string text) => text.Length <= 80 ? text : string.Concat(text.AsSpan(0, 77), "...");

    private static string NameOf(string path, string what, JsonProperty member)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException error)
        {
            throw new ModelFormatException(path, $"{what} holds a name that is not valid Unicode text.", error);
        }
    }
}
