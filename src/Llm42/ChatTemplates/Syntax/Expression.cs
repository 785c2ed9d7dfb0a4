using Llm42.ChatTemplates.Values;

namespace Llm42.ChatTemplates.Syntax;

/// <summary>An expression of a template.</summary>
/// <param name="Position">Where it is, as an index into the template.</param>
internal abstract record Expression(int Position);

internal sealed record ConstantExpression(int Position, Value Value) : Expression(Position);

internal sealed record NameExpression(int Position, string Name) : Expression(Position);

internal sealed record ListExpression(int Position, IReadOnlyList<Expression> Items, bool IsTuple) : Expression(Position);

internal sealed record DictExpression(int Position, IReadOnlyList<KeyValuePair<Expression, Expression>> Items) : Expression(Position);

/// <summary>owner.name</summary>
internal sealed record AttributeExpression(int Position, Expression Owner, string Name) : Expression(Position);

/// <summary>owner[key]</summary>
internal sealed record ElementExpression(int Position, Expression Owner, Expression Key) : Expression(Position);

/// <summary>owner[start:stop:step]</summary>
internal sealed record SliceExpression(int Position, Expression Owner, Expression? Start, Expression? Stop, Expression? Step) : Expression(Position);

internal sealed record CallExpression(int Position, Expression Function, ArgumentList Arguments) : Expression(Position);

/// <summary>value | name(arguments); no value in front of a filter block's first filter.</summary>
internal sealed record FilterExpression(int Position, Expression? Value, string Name, ArgumentList Arguments) : Expression(Position);

/// <summary>value is name(arguments)</summary>
internal sealed record TestExpression(int Position, Expression Value, string Name, ArgumentList Arguments) : Expression(Position);

internal sealed record UnaryExpression(int Position, UnaryOperator Operator, Expression Operand) : Expression(Position);

internal sealed record BinaryExpression(int Position, BinaryOperator Operator, Expression Left, Expression Right) : Expression(Position);

/// <summary>left and right, left or right: one of the operands, not a truth value.</summary>
internal sealed record LogicalExpression(int Position, bool IsAnd, Expression Left, Expression Right) : Expression(Position);

/// <summary>a &lt; b &lt;= c: each operand evaluated once, up to the first comparison that is false.</summary>
internal sealed record ComparisonExpression(int Position, Expression First, IReadOnlyList<ComparisonOperand> Rest) : Expression(Position);

/// <summary>a ~ b ~ c</summary>
internal sealed record ConcatenationExpression(int Position, IReadOnlyList<Expression> Parts) : Expression(Position);

/// <summary>then if test else otherwise</summary>
internal sealed record ConditionalExpression(int Position, Expression Test, Expression Then, Expression? Otherwise) : Expression(Position);

internal readonly record struct ComparisonOperand(string Operator, Expression Operand);

/// <summary>The arguments of a call, in the order in which they are evaluated.</summary>
internal sealed record ArgumentList(
    IReadOnlyList<Expression> Positional, IReadOnlyList<KeyValuePair<string, Expression>> Keywords, Expression? Rest, Expression? KeywordRest)
{
    public static ArgumentList None { get; } = new([], [], null, null);
}

internal enum UnaryOperator
{
    Not,
    Negate,
    Plus,
}

internal enum BinaryOperator
{
    Add,
    Subtract,
    Multiply,
    Divide,
    FloorDivide,
    Modulo,
    Power,
}
