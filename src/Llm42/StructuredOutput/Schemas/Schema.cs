using System.Text.Json;

namespace Llm42.StructuredOutput.Schemas;

/// <summary>
/// A schema as read: either a reference, or alternatives, or a list of values, or what is left of each type of value.
/// Absent keywords are null.
/// </summary>
internal sealed record Schema
{
    /// <summary>Where it stands, as a JSON pointer.</summary>
    public required string Path { get; init; }

    /// <summary>Where the schema stands that this one refers to; nothing else counts then.</summary>
    public string? Reference { get; init; }

    /// <summary>The schemas of which one must hold; nothing else counts then.</summary>
    public IReadOnlyList<Schema>? AnyOf { get; init; }

    /// <summary>The types, once the other keywords have been looked at.</summary>
    public SchemaTypes Types { get; init; } = SchemaTypes.Any;

    /// <summary>The values of which it must be one.</summary>
    public IReadOnlyList<JsonElement>? Values { get; init; }

    /// <summary>Declared properties, in this order.</summary>
    public IReadOnlyList<(string Name, Schema Schema)>? Properties { get; init; }

    public IReadOnlyList<string> Required { get; init; } = [];

    /// <summary>Of properties that are not declared.</summary>
    public Schema? Additional { get; init; }

    public IReadOnlyList<Schema>? PrefixItems { get; init; }

    /// <summary>Of items behind the prefix.</summary>
    public Schema? Items { get; init; }

    public int MinItems { get; init; }

    public int? MaxItems { get; init; }

    public int MinLength { get; init; }

    public int? MaxLength { get; init; }

    public string? Pattern { get; init; }

    public string? Format { get; init; }

    public long? Minimum { get; init; }

    public long? Maximum { get; init; }

    /// <summary>Some keyword beside the annotations is there.</summary>
    public bool IsBound { get; init; }

    /// <summary>Nothing is a value of it.</summary>
    public bool IsNever => Reference is null && AnyOf is null && Types == SchemaTypes.None;
}
