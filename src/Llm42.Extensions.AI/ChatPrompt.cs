using System.Text.Json;
using System.Text.Json.Nodes;
using Llm42.ChatTemplates;
using Microsoft.Extensions.AI;

namespace Llm42.Extensions.AI;

/// <summary>Makes the prompt of a conversation.</summary>
internal static class ChatPrompt
{
    /// <summary>Fields of a rendering that are not variables for a caller to set.</summary>
    private static readonly string[] Reserved = ["messages", "tools", "add_generation_prompt", "continue_final_message"];

    /// <summary>Renders a conversation.</summary>
    /// <param name="template">The model's.</param>
    /// <param name="messages">The conversation.</param>
    /// <param name="instructions">What to tell the model before it; null for nothing.</param>
    /// <param name="tools">Functions to offer; null for none.</param>
    /// <param name="variables">Variables of the template; taken over.</param>
    /// <exception cref="NotSupportedException">A message holds what a prompt cannot.</exception>
    /// <exception cref="ArgumentException">A message is not whole, or a variable not allowed.</exception>
    /// <exception cref="ChatTemplateException">The template refuses the conversation.</exception>
    public static string Render(
        ChatTemplate template, IEnumerable<ChatMessage> messages, string? instructions, JsonArray? tools, JsonObject? variables)
    {
        var request = variables ?? [];
        foreach (var name in Reserved)
        {
            if (request.ContainsKey(name))
                throw new ArgumentException(
                    $"AdditionalProperties[\"{Llm42ChatProperties.TemplateVariables}\"] sets \"{name}\", which is the conversation's own.");
        }

        request["messages"] = ToJson(messages, instructions);
        request["tools"] = tools;
        request["add_generation_prompt"] = true;
        return template.Render(JsonSerializer.SerializeToElement(request, AIJsonUtilities.DefaultOptions));
    }

    private static JsonArray ToJson(IEnumerable<ChatMessage> messages, string? instructions)
    {
        var list = new JsonArray();
        var names = new Dictionary<string, string>();
        if (!string.IsNullOrEmpty(instructions))
            list.Add(new JsonObject { ["role"] = ChatRole.System.Value, ["content"] = instructions });
        var number = 0;
        foreach (var message in messages)
        {
            foreach (var part in ToJson(message, number, names))
                list.Add(part);
            number++;
        }

        return number > 0 ? list : throw new ArgumentException("The conversation has no message; give one or more.", nameof(messages));
    }

    /// <summary>One message, or one for each result of a function.</summary>
    private static List<JsonObject> ToJson(ChatMessage message, int number, Dictionary<string, string> names)
    {
        var (text, reasoning) = ("", "");
        var calls = new JsonArray();
        var results = new List<JsonObject>();
        foreach (var content in message.Contents)
        {
            switch (content)
            {
                case TextContent part:
                    text += part.Text;
                    break;
                case TextReasoningContent part:
                    reasoning += part.Text;
                    break;
                case FunctionCallContent call:
                    names[call.CallId] = call.Name;
                    calls.Add(ToJson(call));
                    break;
                case FunctionResultContent result:
                    results.Add(ToJson(result, names));
                    break;
                case UsageContent:
                    // An account of an earlier answer, not a part of the conversation.
                    break;
                default:
                    throw new NotSupportedException(
                        $"Message {number} holds a {content.GetType().Name}; a prompt can hold text, reasoning, calls of functions and their results.");
            }
        }

        if (results.Count > 0)
        {
            return text.Length + reasoning.Length + calls.Count == 0
                ? results
                : throw new ArgumentException(
                    $"Message {number} holds results of functions and something else; give the results a message of their own.");
        }

        var json = new JsonObject { ["role"] = message.Role.Value, ["content"] = text };
        if (message.AuthorName is { } author)
            json["name"] = author;
        if (reasoning.Length > 0)
            json["reasoning_content"] = reasoning;
        if (calls.Count > 0)
            json["tool_calls"] = calls;
        return [json];
    }

    private static JsonObject ToJson(FunctionCallContent call)
    {
        var arguments = new JsonObject();
        foreach (var (name, value) in call.Arguments ?? new Dictionary<string, object?>())
            arguments[name] = JsonText.ToNode(value);
        return new JsonObject
        {
            ["id"] = call.CallId,
            ["type"] = "function",
            ["function"] = new JsonObject { ["name"] = call.Name, ["arguments"] = arguments },
        };
    }

    private static JsonObject ToJson(FunctionResultContent result, Dictionary<string, string> names)
    {
        var json = new JsonObject { ["role"] = ChatRole.Tool.Value, ["tool_call_id"] = result.CallId };
        if (names.TryGetValue(result.CallId, out var name))
            json["name"] = name;
        json["content"] = JsonText.OfResult(result.Result);
        return json;
    }
}
