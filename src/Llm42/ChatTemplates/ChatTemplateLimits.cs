namespace Llm42.ChatTemplates;

/// <summary>
/// How much a template may use. A template comes with a model from outside, so everything it can make grow is bounded;
/// what exceeds a limit is refused with an error that names the limit.
/// </summary>
public sealed record ChatTemplateLimits
{
    /// <summary>The longest template, in UTF-16 units: 1 to 2^30.</summary>
    public int MaximumTemplateLength { get; init; } = 1 << 20;

    /// <summary>The deepest nesting of a template's statements, of its brackets, of macro calls, and of values: 1 to 1000.</summary>
    public int MaximumNesting { get; init; } = 200;

    /// <summary>The most steps of one rendering: each expression, statement and element looked at is one, long texts cost more.</summary>
    public long MaximumSteps { get; init; } = 50_000_000;

    /// <summary>The longest rendered prompt, in UTF-16 units.</summary>
    public int MaximumOutputLength { get; init; } = 16 << 20;

    /// <summary>The longest text (UTF-16 units) and the longest list (elements) that an expression may make.</summary>
    public int MaximumValueLength { get; init; } = 16 << 20;

    /// <summary>The most memory that the values of one rendering may take together, in bytes, freed ones counted.</summary>
    public long MaximumAllocation { get; init; } = 512L << 20;
}
