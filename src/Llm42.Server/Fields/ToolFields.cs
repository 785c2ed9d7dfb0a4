using System.Text.Json;
using Llm42.Server.Http;

namespace Llm42.Server.Fields;

/// <summary>A function that an answer may call.</summary>
/// <param name="Place">Where it stands in the request: "tools[0].function".</param>
/// <param name="Name">Its name.</param>
/// <param name="Parameters">The schema of its arguments; null for none.</param>
/// <param name="IsStrict">Its arguments must be of that schema.</param>
internal sealed record OfferedTool(string Place, string Name, JsonElement? Parameters, bool IsStrict);

/// <summary>What an answer may do with tools.</summary>
/// <param name="Definitions">The tools as the model is to see them; null for none.</param>
/// <param name="Tools">The tools that it may call.</param>
/// <param name="MustCall">It has to call one.</param>
/// <param name="IsParallel">It may call several.</param>
internal sealed record ToolUse(JsonElement? Definitions, IReadOnlyList<OfferedTool> Tools, bool MustCall, bool IsParallel)
{
    /// <summary>The one tool is asked for by name.</summary>
    public bool IsNamed { get; init; }

    /// <summary>Answers are text.</summary>
    public static ToolUse None { get; } = new(null, [], false, true);
}

/// <summary>Reads the tools of a chat: "tools", "tool_choice" and "parallel_tool_calls".</summary>
internal static class ToolFields
{
    private const int MaxTools = 128;
    private const int MaxNameLength = 64;
    private const string Choices = "\"none\", \"auto\", \"required\" or {\"type\": \"function\", \"function\": {\"name\": ...}}";

    /// <summary>Reads the fields.</summary>
    public static ToolUse Read(RequestFields fields)
    {
        var isParallel = fields.Boolean("parallel_tool_calls") ?? true;
        var definitions = fields.Find("tools");
        var tools = ReadTools(fields, definitions);
        var choice = fields.Find("tool_choice");
        if (choice is { ValueKind: JsonValueKind.Object })
            return Named(fields.Object("tool_choice")!, tools) is { } named ? new ToolUse(definitions, [named], true, isParallel) { IsNamed = true } : throw Wrong();
        var word = choice is null ? "auto" : choice.Value.ValueKind == JsonValueKind.String ? choice.Value.GetString() : null;
        if (word is not ("none" or "auto" or "required"))
            throw Wrong();
        if (word == "required" && tools.Count == 0)
            throw fields.Unsupported("tool_choice", "\"required\" needs tools to choose from.");

        // A model that is not to call a tool does not see them.
        return word == "none" || tools.Count == 0 ? ToolUse.None : new ToolUse(definitions, tools, word == "required", isParallel);

        ApiException Wrong() => fields.Wrong("tool_choice", Choices, choice!.Value);
    }

    private static List<OfferedTool> ReadTools(RequestFields fields, JsonElement? definitions)
    {
        var tools = new List<OfferedTool>();
        if (definitions is not { } array)
            return tools;
        if (array.ValueKind != JsonValueKind.Array || array.GetArrayLength() > MaxTools)
            throw fields.Wrong("tools", $"an array of up to {MaxTools} tools", array);
        foreach (var element in array.EnumerateArray())
        {
            var tool = ReadTool(new RequestFields(element, $"tools[{tools.Count}]."), $"tools[{tools.Count}].function");
            if (tools.Any(other => other.Name == tool.Name))
                throw ApiException.Invalid($"{tool.Place}.name is \"{tool.Name}\", as is that of another tool.", $"{tool.Place}.name", "invalid_value");
            tools.Add(tool);
        }
        return tools;
    }

    private static OfferedTool ReadTool(RequestFields tool, string place)
    {
        RequireFunction(tool);
        var function = tool.Object("function") ?? throw tool.Missing("function");
        tool.RefuseOthers();
        var name = function.Text("name") ?? throw function.Missing("name");
        if (name.Length is 0 or > MaxNameLength || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.'))
            throw function.Wrong("name", $"1 to {MaxNameLength} letters, digits, underscores, dashes or dots", function.Find("name")!.Value);
        function.Text("description");
        var parameters = function.Find("parameters");
        if (parameters is { ValueKind: not JsonValueKind.Object })
            throw function.Wrong("parameters", "a JSON schema", parameters.Value);
        var isStrict = function.Boolean("strict") ?? false;
        function.RefuseOthers();
        return new OfferedTool(place, name, parameters, isStrict);
    }

    private static OfferedTool? Named(RequestFields choice, List<OfferedTool> tools)
    {
        RequireFunction(choice);
        var function = choice.Object("function") ?? throw choice.Missing("function");
        choice.RefuseOthers();
        var name = function.Text("name") ?? throw function.Missing("name");
        function.RefuseOthers();
        return tools.Find(tool => tool.Name == name)
            ?? throw ApiException.Invalid($"tool_choice names \"{name}\", which is not among the tools.", "tool_choice", "invalid_value");
    }

    private static void RequireFunction(RequestFields fields)
    {
        var type = fields.Text("type") ?? throw fields.Missing("type");
        if (type != "function")
            throw fields.Unsupported("type", $"\"{type}\" is not offered; only \"function\" is.");
    }
}
