using System.Text.Json;
using Llm42.ChatTemplates;
using Llm42.StructuredOutput;

namespace Llm42.ToolCalls;

/// <summary>What is known of the ways in which models call tools.</summary>
public static class ToolCallFormats
{
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
    /// (<see cref="GenerationOptions.SkipSpecialTokens"/>) for a <see cref="ToolCallParser"/> to see them.
    /// </summary>
    /// <param name="format">The format.</param>
    public static IReadOnlyList<string> MarkersOf(ToolCallFormat format) => format switch
    {
        ToolCallFormat.Hermes => HermesParser.Markers,
        ToolCallFormat.Llama3 => [Llama3Parser.Tag],
        _ => [],
    };

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
                OutputFormat.Literal($"{HermesParser.Begin}\n{name}\"arguments\": "), arguments, OutputFormat.Literal($"}}\n{HermesParser.End}")),
            ToolCallFormat.Llama3 => OutputFormat.Sequence(
                OutputFormat.Literal($"{name}\"parameters\": "), arguments, OutputFormat.Literal("}")),
            _ => throw new ArgumentException($"The model's format of tool calls is {format}, so no call can be asked for.", nameof(format)),
        };
    }
}
