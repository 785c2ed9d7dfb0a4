using System.Text.Json;
using System.Text.Json.Nodes;
using Llm42.ChatTemplates;
using Llm42.StructuredOutput;
using Llm42.Tokenization;
using Llm42.ToolCalls;
using Microsoft.Extensions.AI;

namespace Llm42.Extensions.AI;

/// <summary>The functions that an answer may call, and whether it must.</summary>
internal sealed class ChatTools
{
    private const string Strict = "strict";

    private static readonly JsonElement NoParameters = JsonDocument.Parse("""{"type": "object", "properties": {}, "additionalProperties": false}""").RootElement;

    private readonly IReadOnlyList<AIFunctionDeclaration> _functions;
    private readonly IReadOnlyList<AIFunctionDeclaration> _allowed;
    private readonly RequiredChatToolMode? _required;

    private ChatTools(
        IReadOnlyList<AIFunctionDeclaration> functions, IReadOnlyList<AIFunctionDeclaration> allowed, ToolCallFormat format,
        RequiredChatToolMode? required, bool isParallel)
    {
        _functions = functions;
        _allowed = allowed;
        _required = required;
        Format = format;
        IsParallel = isParallel;
    }

    /// <summary>How the model writes calls; none where it has nothing to call.</summary>
    public ToolCallFormat Format { get; }

    /// <summary>It may call several at once; otherwise the first call counts.</summary>
    public bool IsParallel { get; }

    /// <summary>What a request asks for.</summary>
    /// <exception cref="NotSupportedException">A tool is no function, or the model's way to call them is not known.</exception>
    /// <exception cref="ArgumentException">The function that has to be called is not there.</exception>
    public static ChatTools Of(ChatOptions options, ChatTemplate template)
    {
        if (options.ToolMode is not (null or AutoChatToolMode or NoneChatToolMode or RequiredChatToolMode))
            throw new NotSupportedException($"ToolMode is {options.ToolMode.GetType().Name}; it must be null, Auto, None or Required.");
        var required = options.ToolMode as RequiredChatToolMode;
        if (options.Tools is not { Count: > 0 } tools || options.ToolMode is NoneChatToolMode)
        {
            return required is null
                ? new ChatTools([], [], ToolCallFormat.None, null, isParallel: true)
                : throw new ArgumentException("ToolMode requires a call, but Tools is empty.");
        }

        var functions = new List<AIFunctionDeclaration>();
        foreach (var tool in tools)
        {
            functions.Add(tool as AIFunctionDeclaration ?? throw new NotSupportedException(
                $"Tools holds \"{tool.Name}\", a {tool.GetType().Name}; only functions can be offered to the model (AIFunctionDeclaration)."));
        }

        IReadOnlyList<AIFunctionDeclaration> allowed = functions;
        if (required?.RequiredFunctionName is { } name)
        {
            allowed = [functions.Find(function => function.Name == name)
                ?? throw new ArgumentException($"ToolMode requires a call of \"{name}\", which is not among the Tools.")];
        }

        var format = ToolCallFormats.Of(template);
        return format == ToolCallFormat.None
            ? throw new NotSupportedException(
                "Tools are given, but the model's chat template asks for calls in no format that is known (Hermes, Llama 3). Leave them out.")
            : new ChatTools(functions, allowed, format, required, options.AllowMultipleToolCalls ?? true);
    }

    /// <summary>The functions as chat templates expect them; null for none.</summary>
    public JsonArray? ToJson() => _functions.Count == 0 ? null : new JsonArray([.. _functions.Select(ToJson)]);

    /// <summary>Answers must keep their special tokens, for calls to be seen.</summary>
    public bool HasSpecialMarkers(ITokenizer tokenizer) =>
        ToolCallFormats.MarkersOf(Format).Any(marker => tokenizer.TryGetId(marker, out var id) && tokenizer.IsSpecial(id));

    /// <summary>What the answer has to look like: calls, what else is asked for, or either; null for anything.</summary>
    /// <exception cref="ArgumentException">A schema that has to be kept to is not supported.</exception>
    public OutputFormat? Restrict(OutputFormat? other)
    {
        if (_allowed.Count == 0 || (_required is null && other is null && !_allowed.Any(IsStrict)))
            return other;
        OutputFormat[] choices = [.. _allowed.Select(function => ToolCallFormats.Call(
            Format, function.Name, ToolCallFormats.Arguments(SchemaOf(function), IsStrict(function))))];
        if (_required is null && other is null)
            return ToolCallFormats.TextOrCalls(Format, choices, IsParallel);

        // A function that is asked for by name is called once.
        var calls = ToolCallFormats.Calls(Format, choices, IsParallel && _required?.RequiredFunctionName is null);
        return _required is not null || other is null ? calls : OutputFormat.AnyOf(calls, other);
    }

    private static bool IsStrict(AIFunctionDeclaration function) => function.AdditionalProperties.TryGetValue(Strict, out var strict) && strict is true;

    private static JsonElement? SchemaOf(AIFunctionDeclaration function) =>
        function.JsonSchema.ValueKind == JsonValueKind.Object ? function.JsonSchema : null;

    private static JsonObject ToJson(AIFunctionDeclaration function) => new()
    {
        ["type"] = "function",
        ["function"] = new JsonObject
        {
            ["name"] = function.Name,
            ["description"] = function.Description,
            ["parameters"] = JsonObject.Create(SchemaOf(function) ?? NoParameters),
        },
    };
}
