using System.Text;
using System.Text.Json;

namespace Llm42.ToolCalls;

/// <summary>Reads calls that a model wrote as JSON objects.</summary>
internal static class ToolCallJson
{
    private static readonly JsonReaderOptions Options = new() { MaxDepth = 64 };

    /// <summary>The call that a text is; null if it is none.</summary>
    /// <param name="text">The text.</param>
    /// <param name="argumentsField">What the model calls the arguments.</param>
    public static ToolCall? Read(string text, string argumentsField)
    {
        try
        {
            using var document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = Options.MaxDepth });
            return Of(document.RootElement, argumentsField);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The calls that a text consists of, with blanks and semicolons between; none if anything else is there.</summary>
    public static IReadOnlyList<ToolCall> ReadAll(string text, string argumentsField)
    {
        var calls = new List<ToolCall>();
        var rest = new ReadOnlyMemory<byte>(Encoding.UTF8.GetBytes(text));
        while (true)
        {
            while (!rest.IsEmpty && rest.Span[0] is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t' or (byte)';')
                rest = rest[1..];
            if (rest.IsEmpty)
                return calls;
            var reader = new Utf8JsonReader(rest.Span, isFinalBlock: true, new JsonReaderState(Options with { AllowMultipleValues = true }));
            try
            {
                using var document = JsonDocument.ParseValue(ref reader);
                if (Of(document.RootElement, argumentsField) is not { } call)
                    return [];
                calls.Add(call);
            }
            catch (JsonException)
            {
                return [];
            }
            rest = rest[(int)reader.BytesConsumed..];
        }
    }

    private static ToolCall? Of(JsonElement element, string argumentsField)
    {
        if (element.ValueKind != JsonValueKind.Object
            || !element.TryGetProperty("name", out var name) || name.ValueKind != JsonValueKind.String
            || !element.TryGetProperty(argumentsField, out var arguments))
            return null;

        // Some models write the object as a string that holds it.
        return arguments.ValueKind switch
        {
            JsonValueKind.Object => new ToolCall(name.GetString()!, arguments.GetRawText()),
            JsonValueKind.String => new ToolCall(name.GetString()!, arguments.GetString()!),
            _ => null,
        };
    }
}
