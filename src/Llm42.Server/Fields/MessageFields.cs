using System.Text.Json;
using Llm42.Server.Http;

namespace Llm42.Server.Fields;

/// <summary>Reads the messages of a chat, and writes them as chat templates expect them.</summary>
internal static class MessageFields
{
    private static readonly JsonDocumentOptions ArgumentOptions = new() { MaxDepth = 64 };

    /// <summary>Reads "messages" and writes the list.</summary>
    /// <param name="fields">Where they stand.</param>
    /// <param name="json">Takes the list.</param>
    /// <param name="knowsDeveloper">The template has a role "developer"; else it becomes "system".</param>
    public static void Write(RequestFields fields, Utf8JsonWriter json, bool knowsDeveloper)
    {
        var messages = fields.Find("messages") ?? throw fields.Missing("messages");
        if (messages.ValueKind != JsonValueKind.Array || messages.GetArrayLength() == 0)
            throw fields.Wrong("messages", "an array of one or more messages", messages);
        json.WriteStartArray();
        var i = 0;
        foreach (var message in messages.EnumerateArray())
        {
            var place = $"messages[{i++}]";
            WriteMessage(new RequestFields(message, $"{place}."), place, json, knowsDeveloper);
        }
        json.WriteEndArray();
    }

    private static void WriteMessage(RequestFields message, string place, Utf8JsonWriter json, bool knowsDeveloper)
    {
        var role = message.Text("role") ?? throw message.Missing("role");
        if (role is not ("system" or "developer" or "user" or "assistant" or "tool"))
            throw message.Unsupported("role", $"\"{role}\" is not offered; \"system\", \"developer\", \"user\", \"assistant\" and \"tool\" are.");
        json.WriteStartObject();
        json.WriteString("role", role == "developer" && !knowsDeveloper ? "system" : role);
        var content = ReadContent(message, place);
        if (message.Text("name") is { } name)
            json.WriteString("name", name);
        var hasCalls = false;
        if (role == "assistant")
        {
            foreach (var other in (string[])["audio", "function_call", "refusal"])
            {
                if (message.Find(other) is not null)
                    throw message.Unsupported(other, "is not offered; this model reads text and tool calls.");
            }

            // Some models' templates look for what was thought before.
            if (message.Text("reasoning_content") is { } reasoning)
                json.WriteString("reasoning_content", reasoning);
            hasCalls = WriteCalls(message, place, json);
            message.Ignore("annotations");
        }
        else if (role == "tool")
        {
            json.WriteString("tool_call_id", message.Text("tool_call_id") ?? throw message.Missing("tool_call_id"));
        }
        message.RefuseOthers();
        if (content is null && !hasCalls)
            throw message.Missing("content");
        json.WriteString("content", content);
        json.WriteEndObject();
    }

    /// <summary>The text of a message: a string, or parts that are text, one a line.</summary>
    private static string? ReadContent(RequestFields message, string place)
    {
        if (message.Find("content") is not { } content)
            return null;
        if (content.ValueKind == JsonValueKind.String)
            return content.GetString();
        if (content.ValueKind != JsonValueKind.Array || content.GetArrayLength() == 0)
            throw message.Wrong("content", "a string or an array of parts", content);
        return string.Join('\n', content.EnumerateArray().Select((element, i) =>
        {
            var part = new RequestFields(element, $"{place}.content[{i}].");
            var type = part.Text("type") ?? throw part.Missing("type");
            if (type != "text")
                throw part.Unsupported("type", $"\"{type}\" is not offered; this model reads text.");
            var text = part.Text("text") ?? throw part.Missing("text");
            part.RefuseOthers();
            return text;
        }));
    }

    private static bool WriteCalls(RequestFields message, string place, Utf8JsonWriter json)
    {
        if (message.Find("tool_calls") is not { } calls)
            return false;
        if (calls.ValueKind != JsonValueKind.Array)
            throw message.Wrong("tool_calls", "an array", calls);
        if (calls.GetArrayLength() == 0)
            return false;
        json.WriteStartArray("tool_calls");
        var i = 0;
        foreach (var element in calls.EnumerateArray())
        {
            var call = new RequestFields(element, $"{place}.tool_calls[{i++}].");
            var type = call.Text("type") ?? "function";
            if (type != "function")
                throw call.Unsupported("type", $"\"{type}\" is not offered; only \"function\" is.");
            json.WriteStartObject();
            json.WriteString("id", call.Text("id") ?? throw call.Missing("id"));
            json.WriteString("type", type);
            call.Ignore("index");
            var function = call.Object("function") ?? throw call.Missing("function");
            call.RefuseOthers();
            json.WriteStartObject("function");
            json.WriteString("name", function.Text("name") ?? throw function.Missing("name"));
            json.WritePropertyName("arguments");
            WriteArguments(function, json);
            function.RefuseOthers();
            json.WriteEndObject();
            json.WriteEndObject();
        }
        json.WriteEndArray();
        return true;
    }

    /// <summary>Templates expect the object, where the API has a string that holds it.</summary>
    private static void WriteArguments(RequestFields function, Utf8JsonWriter json)
    {
        var text = function.Text("arguments") ?? throw function.Missing("arguments");
        try
        {
            using var arguments = JsonDocument.Parse(text.Length == 0 ? "{}" : text, ArgumentOptions);
            if (arguments.RootElement.ValueKind == JsonValueKind.Object)
            {
                arguments.RootElement.WriteTo(json);
                return;
            }
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // Said below.
        }
        throw function.Wrong("arguments", "a string that holds a JSON object", function.Find("arguments")!.Value);
    }
}
