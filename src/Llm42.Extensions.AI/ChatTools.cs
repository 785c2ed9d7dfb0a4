using System.Text.Json;
using System.Text.Json.Nodes;
using Llm42.ChatTemplates;
using Llm42.ToolCalls;
using Microsoft.Extensions.AI;

namespace Llm42.Extensions.AI;

/// <summary>The functions that an answer may call.</summary>
internal sealed class ChatTools
{
    private const string ToolTemplate = "tool_use";
    private const string DefaultTemplate = "default";

    private readonly IReadOnlyList<AIFunctionDeclaration> _functions;

    private ChatTools(IReadOnlyList<AIFunctionDeclaration> functions, ToolCallFormat format)
    {
        _functions = functions;
        Format = format;
    }

    /// <summary>How the model writes calls; none where it must not call.</summary>
    public ToolCallFormat Format { get; }

    /// <summary>The functions as chat templates expect them; null for none.</summary>
    public JsonArray? ToJson() => _functions.Count == 0 ? null : new JsonArray([.. _functions.Select(ToJson)]);

    /// <summary>What a request asks for.</summary>
    /// <exception cref="NotSupportedException">A tool is no function, or the model cannot be made to do as asked.</exception>
    public static ChatTools Of(ChatOptions options, ChatTemplate template)
    {
        if (options.ToolMode is RequiredChatToolMode required)
            throw new NotSupportedException(
                $"ToolMode is {required.GetType().Name}{(required.RequiredFunctionName is { } name ? $" of \"{name}\"" : "")}: "
                + "the model cannot be made to call a function. Use Auto or None.");
        if (options.ToolMode is not (null or AutoChatToolMode or NoneChatToolMode))
            throw new NotSupportedException($"ToolMode is {options.ToolMode.GetType().Name}; it must be null, Auto or None.");
        if (options.Tools is not { Count: > 0 } tools || options.ToolMode is NoneChatToolMode)
            return new ChatTools([], ToolCallFormat.None);

        var functions = new List<AIFunctionDeclaration>();
        foreach (var tool in tools)
        {
            functions.Add(tool as AIFunctionDeclaration ?? throw new NotSupportedException(
                $"Tools holds \"{tool.Name}\", a {tool.GetType().Name}; only functions can be offered to the model (AIFunctionDeclaration)."));
        }

        if (options.AllowMultipleToolCalls == false)
            throw new NotSupportedException("AllowMultipleToolCalls is false: the model cannot be held to one call. Leave it out.");
        var source = template.Sources.GetValueOrDefault(ToolTemplate) ?? template.Sources.GetValueOrDefault(DefaultTemplate) ?? "";
        var format = ToolCallFormats.Of(source);
        return format == ToolCallFormat.None
            ? throw new NotSupportedException(
                "Tools are given, but the model's chat template asks for calls in no format that is known (Hermes, Llama 3). Leave them out.")
            : new ChatTools(functions, format);
    }

    private static JsonObject ToJson(AIFunctionDeclaration function) => new()
    {
        ["type"] = "function",
        ["function"] = new JsonObject
        {
            ["name"] = function.Name,
            ["description"] = function.Description,
            ["parameters"] = function.JsonSchema.ValueKind == JsonValueKind.Object
                ? JsonObject.Create(function.JsonSchema)
                : new JsonObject { ["type"] = "object", ["properties"] = new JsonObject() },
        },
    };
}
