using System.Text.Json;

namespace Llm42.StructuredOutput;

/// <summary>What an answer has to look like: no token is chosen that could not be part of such a text.</summary>
public abstract record OutputFormat
{
    private protected OutputFormat()
    {
    }

    /// <summary>Any JSON object.</summary>
    public static OutputFormat JsonObject { get; } = new AnyJsonObject();

    /// <summary>JSON of a schema.</summary>
    /// <param name="schema">The schema; copied.</param>
    /// <exception cref="ArgumentException">A keyword of the schema is not supported, or has a wrong value.</exception>
    public static OutputFormat JsonSchema(JsonElement schema) => new Json(schema.Clone());

    /// <summary>A text that stands there as it is.</summary>
    /// <param name="text">The text.</param>
    public static OutputFormat Literal(string text) => new Fixed(text);

    /// <summary>One format behind another.</summary>
    /// <param name="parts">The formats.</param>
    public static OutputFormat Sequence(params IReadOnlyList<OutputFormat> parts) => new Parts(parts);

    /// <summary>One format or another.</summary>
    /// <param name="choices">The formats.</param>
    public static OutputFormat AnyOf(params IReadOnlyList<OutputFormat> choices) => new Choice(choices);

    private sealed record AnyJsonObject : OutputFormat;

    private sealed record Json(JsonElement Schema) : OutputFormat;

    private sealed record Fixed(string Text) : OutputFormat;

    private sealed record Parts(IReadOnlyList<OutputFormat> Formats) : OutputFormat;

    private sealed record Choice(IReadOnlyList<OutputFormat> Formats) : OutputFormat;
}
