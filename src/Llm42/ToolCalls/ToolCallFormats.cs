using System.Text.Json;
using Llm42.ChatTemplates;
using Llm42.StructuredOutput;

namespace Llm42.ToolCalls;

/// <summary>What is known of the ways in which models call tools.</summary>
public static class ToolCallFormats
{
    private static readonly JsonElement NoParameters = JsonDocument.Parse("""{"type": "object", "properties": {}, "additionalProperties": false}""").RootElement;

    /// <summary>The format that a chat template asks its model for.</summary>
    /// <param name="template">The template's text.</param>
    /// <returns><see cref="ToolCallFormat.None"/> for a template that knows no tools, or whose format is not known here.</returns>
    public static ToolCallFormat Of(string template)
    {
        ArgumentNullException.ThrowIfNull(template);
        if (template.Contains(HermesParser.Begin, StringComparison.Ordinal))
        {
            // Others put tags instead of JSON between the same tags.
            return template.Contains("<function=", StringComparison.Ordinal) || template.Contains("<arg_key>", StringComparison.Ordinal)
                ? ToolCallFormat.None
                : ToolCallFormat.Hermes;
        }

        // Llama 3's templates tell the model to answer with "parameters".
        return template.Contains("\"parameters\"", StringComparison.Ordinal) && template.Contains("<|start_header_id|>", StringComparison.Ordinal)
            ? ToolCallFormat.Llama3
            : ToolCallFormat.None;
    }

    /// <summary>The format that a model's chat template asks for where tools are offered.</summary>
    /// <param name="template">The template.</param>
    public static ToolCallFormat Of(ChatTemplate template)
    {
        ArgumentNullException.ThrowIfNull(template);
        return Of(template.Sources.TryGetValue(ChatTemplate.ToolTemplate, out var source)
            || template.Sources.TryGetValue("default", out source) ? source : "");
    }

    /// <summary>
    /// The texts that tell calls from other text. Where a model has special tokens for them, its answers must keep those
    /// (<see cref="GenerationOptions.SkipSpecialTokens"/>) for a <see cref="ChatAnswerReader"/> to see them.
    /// </summary>
    /// <param name="format">The format.</param>
    public static IReadOnlyList<string> MarkersOf(ToolCallFormat format) => format switch
    {
        ToolCallFormat.Hermes => HermesParser.Markers,
        ToolCallFormat.Llama3 => [Llama3Parser.Tag],
        _ => [],
    };

    /// <summary>What the arguments of a function look like.</summary>
    /// <param name="schema">The schema of its arguments; null for a function without any.</param>
    /// <param name="isStrict">They must be of the schema; otherwise, where that asks for too much, they are any JSON object.</param>
    /// <exception cref="ArgumentException">The schema is not supported, and has to be kept to.</exception>
    public static OutputFormat Arguments(JsonElement? schema, bool isStrict)
    {
        try
        {
            return OutputFormat.JsonSchema(schema ?? NoParameters);
        }
        catch (ArgumentException) when (!isStrict)
        {
            return OutputFormat.JsonObject;
        }
    }

    /// <summary>An answer of calls and nothing else: one or more, or exactly one.</summary>
    /// <param name="format">How the model writes calls.</param>
    /// <param name="calls">The calls of which each is one, by <see cref="Call"/>.</param>
    /// <param name="isParallel">There may be several.</param>
    /// <exception cref="ArgumentException">The format is <see cref="ToolCallFormat.None"/>, or there are no calls.</exception>
    public static OutputFormat Calls(ToolCallFormat format, IReadOnlyList<OutputFormat> calls, bool isParallel)
    {
        ArgumentNullException.ThrowIfNull(calls);
        return Several(format, calls, 1, isParallel);
    }

    /// <summary>An answer of text, if any, and calls behind it, if any: no call in it is other than those.</summary>
    /// <param name="format">How the model writes calls.</param>
    /// <param name="calls">The calls of which each is one, by <see cref="Call"/>.</param>
    /// <param name="isParallel">There may be several.</param>
    /// <exception cref="ArgumentException">The format is <see cref="ToolCallFormat.None"/>, or there are no calls.</exception>
    public static OutputFormat TextOrCalls(ToolCallFormat format, IReadOnlyList<OutputFormat> calls, bool isParallel)
    {
        ArgumentNullException.ThrowIfNull(calls);
        if (format == ToolCallFormat.Hermes)
            return OutputFormat.Sequence(OutputFormat.TextWithout(HermesParser.Begin), Several(format, calls, 0, isParallel));

        // What begins with a brace is read as calls, and so is what follows the tag.
        var some = Several(format, calls, 1, isParallel);
        var tagged = OutputFormat.Sequence(OutputFormat.Marker(Llama3Parser.Tag), some);
        return OutputFormat.AnyOf(
            some, OutputFormat.Sequence(OutputFormat.TextWithout(Llama3Parser.Tag, '{'), OutputFormat.Repeat(tagged, null, 0, 1)));
    }

    /// <summary>An answer that is a call of a tool and nothing else.</summary>
    /// <param name="format">How the model writes calls.</param>
    /// <param name="tool">Name of the tool.</param>
    /// <param name="arguments">What its arguments look like; must be a JSON object.</param>
    /// <exception cref="ArgumentException">The format is <see cref="ToolCallFormat.None"/>.</exception>
    public static OutputFormat Call(ToolCallFormat format, string tool, OutputFormat arguments)
    {
        ArgumentNullException.ThrowIfNull(tool);
        ArgumentNullException.ThrowIfNull(arguments);

        // Letter by letter what the templates show their models.
        var name = $"{{\"name\": \"{JsonEncodedText.Encode(tool)}\", ";
        return format switch
        {
            ToolCallFormat.Hermes => OutputFormat.Sequence(
                OutputFormat.Marker(HermesParser.Begin),
                OutputFormat.Literal($"\n{name}\"arguments\": "),
                arguments,
                OutputFormat.Literal("}\n"),
                OutputFormat.Marker(HermesParser.End)),
            ToolCallFormat.Llama3 => OutputFormat.Sequence(
                OutputFormat.Literal($"{name}\"parameters\": "), arguments, OutputFormat.Literal("}")),
            _ => throw None(format),
        };
    }

    private static OutputFormat Several(ToolCallFormat format, IReadOnlyList<OutputFormat> calls, int minimum, bool isParallel)
    {
        var separator = format switch
        {
            ToolCallFormat.Hermes => "\n",
            ToolCallFormat.Llama3 => "; ",
            _ => throw None(format),
        };
        var call = calls.Count == 1 ? calls[0] : OutputFormat.AnyOf(calls);
        return minimum == 1 && !isParallel ? call : OutputFormat.Repeat(call, OutputFormat.Literal(separator), minimum, isParallel ? null : 1);
    }

    private static ArgumentException None(ToolCallFormat format) =>
        new($"The model's format of tool calls is {format}, so no call can be asked for.", nameof(format));
}
