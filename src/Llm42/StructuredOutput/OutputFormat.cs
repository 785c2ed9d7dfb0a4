using System.Text.Json;
using Llm42.StructuredOutput.Grammars;
using Llm42.StructuredOutput.Schemas;

namespace Llm42.StructuredOutput;

/// <summary>
/// What an answer has to look like: no token is chosen that could not be part of such a text, and the answer ends where it
/// is complete. An answer that max_tokens ends before that is only the beginning of such a text.
/// </summary>
/// <remarks>
/// JSON has no white space but one space, if any, behind a comma or a colon. Integers have at most 18 digits where no bound
/// says otherwise; other numbers at most 18 before the point, 16 behind it and 2 in the exponent. Objects and arrays are
/// nested at most 64 deep.
/// </remarks>
public abstract record OutputFormat
{
    private protected OutputFormat()
    {
    }

    /// <summary>Any JSON object.</summary>
    public static OutputFormat JsonObject { get; } = new AnyJsonObject();

    /// <summary>
    /// JSON of a schema: properties in the order in which it declares them, and others only where additionalProperties
    /// allows them expressly, or where none are declared.
    /// </summary>
    /// <param name="schema">The schema; copied.</param>
    /// <exception cref="ArgumentException">
    /// A keyword of the schema is not supported, or has a wrong value, or no JSON is of the schema, or it is too large. The
    /// message names the keyword and the place.
    /// </exception>
    public static OutputFormat JsonSchema(JsonElement schema)
    {
        if (schema.ValueKind == JsonValueKind.Undefined)
            throw new ArgumentException("The JSON schema is not there.", nameof(schema));
        var format = new Json(schema.Clone());
        format.ToGrammar();
        return format;
    }

    /// <summary>A text that stands there as it is.</summary>
    /// <param name="text">The text.</param>
    public static OutputFormat Literal(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new Fixed(text);
    }

    /// <summary>One format behind another.</summary>
    /// <param name="parts">The formats.</param>
    public static OutputFormat Sequence(params IReadOnlyList<OutputFormat> parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        return new Parts([.. parts]);
    }

    /// <summary>One format or another.</summary>
    /// <param name="choices">The formats, one or more.</param>
    public static OutputFormat AnyOf(params IReadOnlyList<OutputFormat> choices)
    {
        ArgumentNullException.ThrowIfNull(choices);
        return choices.Count > 0 ? new Choice([.. choices]) : throw new ArgumentException("There is no format to choose.", nameof(choices));
    }

    /// <summary>
    /// A text that sets calls apart, as it stands there or as the model's special token for it. The answer must keep special
    /// tokens (<see cref="GenerationOptions.SkipSpecialTokens"/>) for it to be seen.
    /// </summary>
    internal static OutputFormat Marker(string text) => new Mark(text);

    /// <summary>Any text, none included, that does not hold a marker.</summary>
    /// <param name="marker">The marker: two or more characters of ASCII, the first nowhere else in it.</param>
    /// <param name="notFirst">A character that must not be the first one that is not white space; null for none.</param>
    internal static OutputFormat TextWithout(string marker, char? notFirst = null) =>
        marker.Length >= 2 && System.Text.Ascii.IsValid(marker) && marker.LastIndexOf(marker[0]) == 0
            ? new FreeText(marker, notFirst)
            : throw new ArgumentException($"\"{marker}\" cannot be kept out of a text: it must be ASCII, and its first character nowhere else in it.");

    /// <summary>A format several times.</summary>
    /// <param name="item">The format; none of its texts is empty.</param>
    /// <param name="separator">What stands between two of them; null for nothing.</param>
    /// <param name="minimum">Fewest times, 0 or more.</param>
    /// <param name="maximum">Most times; null for any number.</param>
    internal static OutputFormat Repeat(OutputFormat item, OutputFormat? separator, int minimum, int? maximum) =>
        minimum < 0 || maximum < minimum
            ? throw new ArgumentException($"A repetition from {minimum} to {maximum} times is none.")
            : item.CanBeEmpty
                ? throw new ArgumentException("What is repeated must not be empty.")
                : new Repeated(item, separator, minimum, maximum);

    private bool CanBeEmpty => new Masking.Automaton(ToGrammar()).Start.IsAccepting;

    /// <summary>The texts of the format.</summary>
    /// <exception cref="ArgumentException">There are none, or they need too large a grammar.</exception>
    internal Grammar ToGrammar()
    {
        var builder = new GrammarBuilder();
        var grammar = builder.Build(Build(builder, builder.Accept));
        return grammar.HasText
            ? grammar
            : throw new ArgumentException("No text is of the output format: what its schemas ask for cannot hold at once, or never ends.");
    }

    /// <summary>The format as JSON: what <see cref="FormatJson.Parse"/> reads.</summary>
    internal string ToJson()
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
            Write(writer);
        return System.Text.Encoding.UTF8.GetString(stream.GetBuffer().AsSpan(0, (int)stream.Length));
    }

    /// <summary>The node where its texts begin.</summary>
    private protected abstract int Build(GrammarBuilder builder, int next);

    private protected abstract void Write(Utf8JsonWriter writer);

    private static void WriteList(Utf8JsonWriter writer, string name, IReadOnlyList<OutputFormat> formats)
    {
        writer.WriteStartObject();
        writer.WriteStartArray(name);
        foreach (var format in formats)
            format.Write(writer);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private sealed record AnyJsonObject : OutputFormat
    {
        private protected override int Build(GrammarBuilder builder, int next) =>
            new SchemaCompiler(builder, schema => schema).Compile(SchemaCompiler.AnyObject, next);

        private protected override void Write(Utf8JsonWriter writer)
        {
            writer.WriteStartObject();
            writer.WriteBoolean("json_object", true);
            writer.WriteEndObject();
        }
    }

    private sealed record Json(JsonElement Schema) : OutputFormat
    {
        private protected override int Build(GrammarBuilder builder, int next)
        {
            try
            {
                var reader = new SchemaReader(Schema);
                return new SchemaCompiler(builder, reader.Resolve).Compile(reader.ReadRoot(), next);
            }
            catch (InvalidOperationException error)
            {
                // The JSON reader's word for escapes that are not Unicode.
                throw new ArgumentException($"JSON schema: a text in it is not valid Unicode: {error.Message}", error);
            }
        }

        private protected override void Write(Utf8JsonWriter writer)
        {
            writer.WriteStartObject();
            writer.WritePropertyName("json_schema");
            Schema.WriteTo(writer);
            writer.WriteEndObject();
        }
    }

    private sealed record Fixed(string Text) : OutputFormat
    {
        private protected override int Build(GrammarBuilder builder, int next) => builder.Literal(Text, next);

        private protected override void Write(Utf8JsonWriter writer)
        {
            writer.WriteStartObject();
            writer.WriteString("literal", Text);
            writer.WriteEndObject();
        }
    }

    private sealed record Parts(IReadOnlyList<OutputFormat> Formats) : OutputFormat
    {
        private protected override int Build(GrammarBuilder builder, int next)
        {
            for (var i = Formats.Count - 1; i >= 0; i--)
                next = Formats[i].Build(builder, next);
            return next;
        }

        private protected override void Write(Utf8JsonWriter writer) => WriteList(writer, "sequence", Formats);
    }

    private sealed record Choice(IReadOnlyList<OutputFormat> Formats) : OutputFormat
    {
        private protected override int Build(GrammarBuilder builder, int next) =>
            builder.Split([.. Formats.Select(format => format.Build(builder, next))]);

        private protected override void Write(Utf8JsonWriter writer) => WriteList(writer, "any_of", Formats);
    }

    private sealed record Mark(string Text) : OutputFormat
    {
        private protected override int Build(GrammarBuilder builder, int next)
        {
            var spelled = builder.Literal(Text, next);
            return CallMarkers.SymbolOf(Text) is { } symbol ? builder.Split(spelled, builder.Take(ByteSet.Of(symbol), next)) : spelled;
        }

        private protected override void Write(Utf8JsonWriter writer)
        {
            writer.WriteStartObject();
            writer.WriteString("marker", Text);
            writer.WriteEndObject();
        }
    }

    private sealed record FreeText(string Excluded, char? NotFirst) : OutputFormat
    {
        private protected override int Build(GrammarBuilder builder, int next) => TextGrammar.Without(builder, Excluded, NotFirst, next);

        private protected override void Write(Utf8JsonWriter writer)
        {
            writer.WriteStartObject();
            writer.WriteStartObject("text");
            writer.WriteString("without", Excluded);
            if (NotFirst is { } character)
                writer.WriteString("not_first", character.ToString());
            writer.WriteEndObject();
            writer.WriteEndObject();
        }
    }

    private sealed record Repeated(OutputFormat Item, OutputFormat? Separator, int Minimum, int? Maximum) : OutputFormat
    {
        private protected override int Build(GrammarBuilder builder, int next)
        {
            var first = Item.Build(builder, builder.Return);
            return builder.Repeat(first, Separator is null ? first : Separator.Build(builder, first), Minimum, Maximum ?? -1, next);
        }

        private protected override void Write(Utf8JsonWriter writer)
        {
            writer.WriteStartObject();
            writer.WriteStartObject("repeat");
            writer.WritePropertyName("item");
            Item.Write(writer);
            if (Separator is not null)
            {
                writer.WritePropertyName("separator");
                Separator.Write(writer);
            }
            writer.WriteNumber("minimum", Minimum);
            if (Maximum is { } maximum)
                writer.WriteNumber("maximum", maximum);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }
    }
}
