namespace Llm42.ChatTemplates.Syntax;

/// <summary>A statement of a template.</summary>
/// <param name="Position">Where it is, as an index into the template.</param>
internal abstract record Statement(int Position);

internal sealed record TextStatement(int Position, string Text) : Statement(Position);

internal sealed record PrintStatement(int Position, Expression Value) : Statement(Position);

internal sealed record IfStatement(int Position, IReadOnlyList<IfBranch> Branches, IReadOnlyList<Statement>? Otherwise) : Statement(Position);

internal readonly record struct IfBranch(Expression Test, IReadOnlyList<Statement> Body);

internal sealed record ForStatement(int Position, Target Target, Expression Items, Expression? Test, bool IsRecursive, Block Body, Block? Otherwise)
    : Statement(Position);

internal sealed record BreakStatement(int Position) : Statement(Position);

internal sealed record ContinueStatement(int Position) : Statement(Position);

internal sealed record SetStatement(int Position, Target Target, Expression Value) : Statement(Position);

/// <summary>{% set target | filter %}...{% endset %}</summary>
internal sealed record SetBlockStatement(int Position, Target Target, FilterExpression? Filter, Block Body) : Statement(Position);

internal sealed record MacroStatement(int Position, Macro Macro) : Statement(Position);

internal sealed record CallStatement(int Position, CallExpression Call, Macro Caller) : Statement(Position);

internal sealed record FilterStatement(int Position, FilterExpression Filter, Block Body) : Statement(Position);

internal sealed record WithStatement(int Position, IReadOnlyList<KeyValuePair<Target, Expression>> Variables, Block Body) : Statement(Position);

/// <summary>{% generation %}...{% endgeneration %}: what the assistant says, rendered like any text but in a scope of its own.</summary>
internal sealed record GenerationStatement(int Position, Block Body) : Statement(Position);

/// <summary>Statements with a scope of their own.</summary>
internal sealed record Block(IReadOnlyList<Statement> Statements)
{
    /// <summary>
    /// Names that begin undefined in this scope though an outer one may have them: those that are set here, in the order
    /// of the text, before they are read here and that no enclosing scope of the template mentions.
    /// </summary>
    public IReadOnlyList<string> HiddenNames { get; set; } = [];
}

internal sealed record Macro(string Name, IReadOnlyList<Parameter> Parameters, Block Body)
{
    /// <summary>Whether the body mentions varargs, kwargs and caller, which decides what calls may give.</summary>
    public bool UsesRest { get; set; }

    public bool UsesKeywords { get; set; }

    public bool UsesCaller { get; set; }
}

internal readonly record struct Parameter(string Name, Expression? Default);

/// <summary>What can be assigned to.</summary>
internal abstract record Target(int Position);

internal sealed record NameTarget(int Position, string Name) : Target(Position);

/// <summary>An attribute of a namespace.</summary>
internal sealed record AttributeTarget(int Position, string Namespace, string Name) : Target(Position);

internal sealed record TupleTarget(int Position, IReadOnlyList<Target> Items) : Target(Position);
