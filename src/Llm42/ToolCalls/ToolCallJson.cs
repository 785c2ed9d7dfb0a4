using System.Text;
using System.Text.Json;

namespace Llm42.ToolCalls;

/// <summary>Reads calls that a model wrote as JSON objects: a name, and "arguments" or "parameters".</summary>
internal static class ToolCallJson
{
    private const int MaxDepth = 64;

    private static readonly JsonReaderOptions ReaderOptions = new() { MaxDepth = MaxDepth, AllowMultipleValues = true };
    private static readonly JsonDocumentOptions DocumentOptions = new() { MaxDepth = MaxDepth };

    /// <summary>The call that a text is; null if it is none.</summary>
    public static ToolCall? Read(string text)
    {
        var calls = ReadAll(text, separator: null);
        return calls.Count == 1 ? calls[0] : null;
    }

    /// <summary>The calls that a text consists of; none if anything else is there.</summary>
    /// <param name="text">The text.</param>
    /// <param name="separator">What may stand between calls beside blanks and semicolons; null if nothing may.</param>
    public static IReadOnlyList<ToolCall> ReadAll(string text, string? separator)
    {
        var calls = new List<ToolCall>();
        var tag = separator is null ? [] : Encoding.UTF8.GetBytes(separator);
        ReadOnlySpan<byte> rest = Encoding.UTF8.GetBytes(text);
        while (true)
        {
            rest = SkipSeparators(rest, tag);
            if (rest.IsEmpty)
                return calls;
            var reader = new Utf8JsonReader(rest, isFinalBlock: true, new JsonReaderState(ReaderOptions));
            try
            {
                using var document = JsonDocument.ParseValue(ref reader);
                if (Of(document.RootElement) is not { } call)
                    return [];
                calls.Add(call);
            }
            catch (Exception error) when (error is JsonException or InvalidOperationException)
            {
                // The latter is the reader's word for escapes that are half a surrogate pair.
                return [];
            }
            rest = rest[(int)reader.BytesConsumed..];
        }
    }

    private static ReadOnlySpan<byte> SkipSeparators(ReadOnlySpan<byte> text, ReadOnlySpan<byte> tag)
    {
        while (true)
        {
            text = text.TrimStart(tag.IsEmpty ? " \n\r\t"u8 : " \n\r\t;"u8);
            if (tag.IsEmpty || !text.StartsWith(tag))
                return text;
            text = text[tag.Length..];
        }
    }

    private static ToolCall? Of(JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.Object
            || !element.TryGetProperty("name", out var name) || name.ValueKind != JsonValueKind.String || name.GetString() is not { Length: > 0 } tool
            || !(element.TryGetProperty("arguments", out var arguments) || element.TryGetProperty("parameters", out arguments)))
            return null;

        // Some models write the object as a string that holds it.
        return arguments.ValueKind switch
        {
            JsonValueKind.Object => new ToolCall(tool, arguments.GetRawText()),
            JsonValueKind.String when IsObject(arguments.GetString()!) => new ToolCall(tool, arguments.GetString()!),
            _ => null,
        };
    }

    private static bool IsObject(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text, DocumentOptions);
            return document.RootElement.ValueKind == JsonValueKind.Object;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
