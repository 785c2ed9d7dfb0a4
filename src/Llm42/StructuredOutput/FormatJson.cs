using System.Text.Json;

namespace Llm42.StructuredOutput;

/// <summary>Reads formats that <see cref="OutputFormat.ToJson"/> has written.</summary>
internal static class FormatJson
{
    private const int MaxDepth = 256;
    private const int MaxNesting = 64;

    /// <summary>Reads a format.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static OutputFormat Parse(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = MaxDepth });
            return Read(document.RootElement, 0);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or ArgumentException)
        {
            throw new FormatException($"This is not an output format: {error.Message}", error);
        }
    }

    private static OutputFormat Read(JsonElement element, int depth)
    {
        if (depth > MaxNesting)
            throw new ArgumentException($"formats are nested deeper than {MaxNesting}.");
        if (element.ValueKind != JsonValueKind.Object || element.GetPropertyCount() != 1)
            throw new ArgumentException("it must be an object with one member.");
        var member = element.EnumerateObject().First();
        return member.Name switch
        {
            "json_object" when member.Value.ValueKind == JsonValueKind.True => OutputFormat.JsonObject,
            "json_schema" => OutputFormat.JsonSchema(member.Value),
            "literal" => OutputFormat.Literal(member.Value.GetString()!),
            "sequence" => OutputFormat.Sequence(ReadList(member.Value, depth)),
            "any_of" => OutputFormat.AnyOf(ReadList(member.Value, depth)),
            "marker" => OutputFormat.Marker(member.Value.GetString()!),
            "text" => ReadText(member.Value),
            "repeat" => ReadRepeat(member.Value, depth),
            _ => throw new ArgumentException("its member must be json_object, json_schema, literal, sequence, any_of, marker, text or repeat."),
        };
    }

    private static OutputFormat ReadText(JsonElement element)
    {
        var notFirst = element.TryGetProperty("not_first", out var first) ? first.GetString() : null;
        return notFirst is null or { Length: 1 }
            ? OutputFormat.TextWithout(Require(element, "without").GetString() ?? "", notFirst?[0])
            : throw new ArgumentException("not_first must be one character.");
    }

    private static OutputFormat ReadRepeat(JsonElement element, int depth) => OutputFormat.Repeat(
        Read(Require(element, "item"), depth + 1),
        element.TryGetProperty("separator", out var separator) ? Read(separator, depth + 1) : null,
        ReadCount(Require(element, "minimum")),
        element.TryGetProperty("maximum", out var maximum) ? ReadCount(maximum) : null);

    private static int ReadCount(JsonElement element) =>
        element.TryGetInt32(out var count) ? count : throw new ArgumentException("a count of a repetition must be a whole number.");

    private static JsonElement Require(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) ? value : throw new ArgumentException($"{name} is missing.");

    private static List<OutputFormat> ReadList(JsonElement element, int depth) =>
        [.. element.EnumerateArray().Select(item => Read(item, depth + 1))];
}
