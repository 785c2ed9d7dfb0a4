using Llm42.ChatTemplates.Syntax;

namespace Llm42.ChatTemplates.Parsing;

/// <summary>The names that expressions and statements read, in the order of the text.</summary>
internal static class ExpressionNames
{
    /// <summary>The names of an expression.</summary>
    public static List<string> Of(Expression expression)
    {
        var names = new List<string>();
        var pending = new Stack<Expression?>();
        pending.Push(expression);
        while (pending.TryPop(out Expression? next))
        {
            if (next is NameExpression name)
            {
                names.Add(name.Name);
                continue;
            }

            if (next is null)
                continue;
            // The last child is pushed first, so that the first one comes next.
            foreach (Expression? child in Children(next).Reverse())
                pending.Push(child);
        }

        return names;
    }

    /// <summary>The names of statements and of all that is in them.</summary>
    public static IEnumerable<string> Of(IEnumerable<Statement> statements) => statements.SelectMany(Of);

    private static IEnumerable<string> Of(Statement statement) => statement switch
    {
        PrintStatement print => Of(print.Value),
        IfStatement branch => branch.Branches.SelectMany(one => Of(one.Test).Concat(Of(one.Body))).Concat(Of(branch.Otherwise ?? [])),
        ForStatement loop => Of(loop.Items).Concat(loop.Test is null ? [] : Of(loop.Test)).Concat(Of(loop.Body.Statements))
            .Concat(Of(loop.Otherwise?.Statements ?? [])),
        SetStatement set => Of(set.Value),
        SetBlockStatement set => (set.Filter is null ? [] : (IEnumerable<string>)Of(set.Filter)).Concat(Of(set.Body.Statements)),
        MacroStatement macro => OfMacro(macro.Macro),
        CallStatement call => Of(call.Call).Concat(OfMacro(call.Caller)),
        GenerationStatement generation => Of(generation.Body.Statements),
        FilterStatement filter => Of(filter.Filter).Concat(Of(filter.Body.Statements)),
        WithStatement with => with.Variables.SelectMany(variable => Of(variable.Value)).Concat(Of(with.Body.Statements)),
        _ => [],
    };

    private static IEnumerable<string> OfMacro(Macro macro) =>
        macro.Parameters.Where(parameter => parameter.Default is not null).SelectMany(parameter => Of(parameter.Default!)).Concat(Of(macro.Body.Statements));

    private static IEnumerable<Expression?> Children(Expression expression) => expression switch
    {
        ListExpression list => list.Items,
        DictExpression dict => dict.Items.SelectMany(item => (Expression?[])[item.Key, item.Value]),
        AttributeExpression attribute => [attribute.Owner],
        ElementExpression element => [element.Owner, element.Key],
        SliceExpression slice => [slice.Owner, slice.Start, slice.Stop, slice.Step],
        CallExpression call => [call.Function, .. Children(call.Arguments)],
        FilterExpression filter => [filter.Value, .. Children(filter.Arguments)],
        TestExpression test => [test.Value, .. Children(test.Arguments)],
        UnaryExpression unary => [unary.Operand],
        BinaryExpression binary => [binary.Left, binary.Right],
        LogicalExpression logical => [logical.Left, logical.Right],
        ComparisonExpression comparison => [comparison.First, .. comparison.Rest.Select(operand => operand.Operand)],
        ConcatenationExpression concatenation => concatenation.Parts,
        ConditionalExpression conditional => [conditional.Test, conditional.Then, conditional.Otherwise],
        _ => [],
    };

    private static IEnumerable<Expression?> Children(ArgumentList arguments) =>
        [.. arguments.Positional, .. arguments.Keywords.Select(keyword => keyword.Value), arguments.Rest, arguments.KeywordRest];
}
