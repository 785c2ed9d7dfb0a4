using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;

namespace Llm42.Extensions.AI;

/// <summary>Values of Microsoft.Extensions.AI as JSON, with its own serializer options.</summary>
internal static class JsonText
{
    // Those of AIJsonUtilities put each value on a line of its own.
    private static readonly JsonSerializerOptions OneLine = new(AIJsonUtilities.DefaultOptions) { WriteIndented = false };

    public static JsonNode? ToNode(object? value) =>
        value is null ? null : JsonSerializer.SerializeToNode(value, AIJsonUtilities.DefaultOptions.GetTypeInfo(value.GetType()));

    /// <summary>The result of a function as a model reads it: a text as it is, anything else as JSON.</summary>
    public static string OfResult(object? result) => result switch
    {
        null => "",
        string text => text,
        JsonElement { ValueKind: JsonValueKind.String } text => text.GetString()!,
        TextContent text => text.Text,
        IEnumerable<AIContent> contents when contents.All(content => content is TextContent) =>
            string.Concat(contents.Cast<TextContent>().Select(text => text.Text)),
        AIContent or IEnumerable<AIContent> => throw new NotSupportedException(
            "A function's result holds content other than text, which the model cannot read. Give a text or a value."),
        _ => ToNode(result)?.ToJsonString(OneLine) ?? "",
    };
}
