using Llm42.ChatTemplates.Lexing;
using Llm42.ChatTemplates.Syntax;
using Llm42.ChatTemplates.Values;

namespace Llm42.ChatTemplates.Parsing;

/// <summary>Expressions, from the loosest operator to the tightest.</summary>
internal sealed class ExpressionParser(TokenReader tokens, UnknownNames unknown)
{
    public Expression Parse(bool withConditional = true)
    {
        tokens.Enter();
        Expression expression = withConditional ? ParseConditional() : ParseOr();
        tokens.Leave();
        return expression;
    }

    /// <summary>An expression, or several with commas between them, which make a tuple.</summary>
    /// <param name="withConditional">Whether "a if b else c" is one.</param>
    /// <param name="endName">A name that ends the tuple.</param>
    /// <param name="mayBeEmpty">Whether nothing at all is the empty tuple.</param>
    public Expression ParseTuple(bool withConditional = true, string? endName = null, bool mayBeEmpty = false)
    {
        int position = tokens.Current.Position;
        var items = new List<Expression>();
        bool isTuple = false;
        while (true)
        {
            if (items.Count > 0)
                tokens.ExpectOperator(",");
            if (IsTupleEnd(endName))
                break;
            items.Add(Parse(withConditional));
            if (!tokens.Current.IsOperator(","))
                break;
            isTuple = true;
        }

        if (!isTuple && items.Count > 0)
            return items[0];
        if (!isTuple && !mayBeEmpty)
            tokens.Fail($"expected an expression, got {tokens.Current.Description}");
        return new ListExpression(position, items, IsTuple: true);
    }

    /// <summary>One filter or several behind one another, in front of the first of which a block stands.</summary>
    public FilterExpression ParseBlockFilter()
    {
        FilterExpression filter = ParseFilter(null);
        while (tokens.SkipOperator("|"))
            filter = ParseFilter(filter);
        return filter;
    }

    public bool IsTupleEnd(string? endName) =>
        tokens.Current.Kind is TokenKind.VariableEnd or TokenKind.BlockEnd || tokens.Current.IsOperator(")")
        || (endName is not null && tokens.Current.IsName(endName));

    private Expression ParseConditional()
    {
        int mark = unknown.Mark();
        Expression expression = ParseOr();
        while (tokens.Current.IsName("if"))
        {
            int position = tokens.Next().Position;
            Expression test = ParseOr();
            Expression? otherwise = null;
            if (tokens.SkipName("else"))
            {
                tokens.Enter();
                otherwise = ParseConditional();
                tokens.Leave();
            }

            expression = new ConditionalExpression(position, test, expression, otherwise);
            unknown.ForgiveSince(mark);
        }

        return expression;
    }

    private Expression ParseOr()
    {
        Expression left = ParseAnd();
        while (tokens.Current.IsName("or"))
            left = new LogicalExpression(tokens.Next().Position, IsAnd: false, left, ParseAnd());
        return left;
    }

    private Expression ParseAnd()
    {
        Expression left = ParseNot();
        while (tokens.Current.IsName("and"))
            left = new LogicalExpression(tokens.Next().Position, IsAnd: true, left, ParseNot());
        return left;
    }

    private Expression ParseNot()
    {
        if (!tokens.Current.IsName("not"))
            return ParseComparison();
        int position = tokens.Next().Position;
        tokens.Enter();
        Expression operand = ParseNot();
        tokens.Leave();
        return new UnaryExpression(position, UnaryOperator.Not, operand);
    }

    private Expression ParseComparison()
    {
        int position = tokens.Current.Position;
        Expression first = ParseSum();
        var rest = new List<ComparisonOperand>();
        while (true)
        {
            Token token = tokens.Current;
            if (token.Kind == TokenKind.Operator && token.Text is "==" or "!=" or "<" or "<=" or ">" or ">=")
            {
                tokens.Next();
                rest.Add(new ComparisonOperand(token.Text, ParseSum()));
            }
            else if (tokens.SkipName("in"))
            {
                rest.Add(new ComparisonOperand("in", ParseSum()));
            }
            else if (token.IsName("not") && tokens.Following.IsName("in"))
            {
                tokens.Next();
                tokens.Next();
                rest.Add(new ComparisonOperand("not in", ParseSum()));
            }
            else
            {
                return rest.Count == 0 ? first : new ComparisonExpression(position, first, rest);
            }
        }
    }

    private Expression ParseSum()
    {
        Expression left = ParseConcatenation();
        while (tokens.Current.IsOperator("+") || tokens.Current.IsOperator("-"))
        {
            Token token = tokens.Next();
            left = new BinaryExpression(token.Position, token.Text == "+" ? BinaryOperator.Add : BinaryOperator.Subtract, left, ParseConcatenation());
        }

        return left;
    }

    private Expression ParseConcatenation()
    {
        int position = tokens.Current.Position;
        Expression first = ParseProduct();
        if (!tokens.Current.IsOperator("~"))
            return first;
        var parts = new List<Expression> { first };
        while (tokens.SkipOperator("~"))
            parts.Add(ParseProduct());
        return new ConcatenationExpression(position, parts);
    }

    private Expression ParseProduct()
    {
        Expression left = ParsePower();
        while (ProductOperator() is { } @operator)
            left = new BinaryExpression(tokens.Next().Position, @operator, left, ParsePower());
        return left;
    }

    private BinaryOperator? ProductOperator() => tokens.Current.Kind != TokenKind.Operator ? null : tokens.Current.Text switch
    {
        "*" => BinaryOperator.Multiply,
        "/" => BinaryOperator.Divide,
        "//" => BinaryOperator.FloorDivide,
        "%" => BinaryOperator.Modulo,
        _ => null,
    };

    /// <summary>Powers group from the left, unlike Python's.</summary>
    private Expression ParsePower()
    {
        Expression left = ParseUnary();
        while (tokens.Current.IsOperator("**"))
            left = new BinaryExpression(tokens.Next().Position, BinaryOperator.Power, left, ParseUnary());
        return left;
    }

    private Expression ParseUnary(bool withFilters = true)
    {
        Token token = tokens.Current;
        Expression operand;
        if (token.IsOperator("-") || token.IsOperator("+"))
        {
            tokens.Next();
            tokens.Enter();
            operand = new UnaryExpression(token.Position, token.Text == "-" ? UnaryOperator.Negate : UnaryOperator.Plus, ParseUnary(withFilters: false));
            tokens.Leave();
        }
        else
        {
            operand = ParsePrimary();
        }

        operand = ParsePostfix(operand);
        return withFilters ? ParseFiltersAndTests(operand) : operand;
    }

    private Expression ParsePrimary()
    {
        Token token = tokens.Current;
        switch (token.Kind)
        {
            case TokenKind.Name:
                tokens.Next();
                return ConstantNamed(token.Text) is { } constant
                    ? new ConstantExpression(token.Position, constant)
                    : new NameExpression(token.Position, token.Text);
            case TokenKind.String:
                tokens.Next();
                if (tokens.Current.Kind != TokenKind.String)
                    return new ConstantExpression(token.Position, new StringValue(token.Text));
                var text = new System.Text.StringBuilder(token.Text);
                while (tokens.Current.Kind == TokenKind.String)
                    text.Append(tokens.Next().Text);
                return new ConstantExpression(token.Position, new StringValue(text.ToString()));
            case TokenKind.Number:
                tokens.Next();
                return new ConstantExpression(token.Position, token.Number!);
            case TokenKind.Operator when token.Text == "(":
                tokens.Next();
                tokens.Enter();
                Expression inner = ParseTuple(mayBeEmpty: true);
                tokens.ExpectOperator(")");
                tokens.Leave();
                return inner;
            case TokenKind.Operator when token.Text == "[":
                return ParseList();
            case TokenKind.Operator when token.Text == "{":
                return ParseDict();
            default:
                tokens.Fail($"unexpected {token.Description}");
                return null;
        }
    }

    private static Value? ConstantNamed(string name) => name switch
    {
        "true" or "True" => BooleanValue.True,
        "false" or "False" => BooleanValue.False,
        "none" or "None" => NoneValue.Instance,
        _ => null,
    };

    private ListExpression ParseList()
    {
        int position = tokens.ExpectOperator("[").Position;
        var items = new List<Expression>();
        while (!tokens.Current.IsOperator("]"))
        {
            if (items.Count > 0)
                tokens.ExpectOperator(",");
            if (tokens.Current.IsOperator("]"))
                break;
            items.Add(Parse());
        }

        tokens.ExpectOperator("]");
        return new ListExpression(position, items, IsTuple: false);
    }

    private DictExpression ParseDict()
    {
        int position = tokens.ExpectOperator("{").Position;
        var items = new List<KeyValuePair<Expression, Expression>>();
        while (!tokens.Current.IsOperator("}"))
        {
            if (items.Count > 0)
                tokens.ExpectOperator(",");
            if (tokens.Current.IsOperator("}"))
                break;
            Expression key = Parse();
            tokens.ExpectOperator(":");
            items.Add(new KeyValuePair<Expression, Expression>(key, Parse()));
        }

        tokens.ExpectOperator("}");
        return new DictExpression(position, items);
    }

    private Expression ParsePostfix(Expression operand)
    {
        while (true)
        {
            Token token = tokens.Current;
            if (token.IsOperator("."))
                operand = ParseAttribute(operand);
            else if (token.IsOperator("["))
                operand = ParseElement(operand);
            else if (token.IsOperator("("))
                operand = new CallExpression(token.Position, operand, ParseArguments());
            else
                return operand;
        }
    }

    private Expression ParseFiltersAndTests(Expression operand)
    {
        while (true)
        {
            Token token = tokens.Current;
            if (tokens.SkipOperator("|"))
                operand = ParseFilter(operand);
            else if (tokens.SkipName("is"))
                operand = ParseTest(operand);
            else if (token.IsOperator("("))
                operand = new CallExpression(token.Position, operand, ParseArguments());
            else
                return operand;
        }
    }

    private Expression ParseAttribute(Expression owner)
    {
        int position = tokens.Next().Position;
        Token token = tokens.Next();
        if (token.Kind == TokenKind.Name)
            return new AttributeExpression(position, owner, token.Text);
        if (token is { Kind: TokenKind.Number, Number: IntegerValue index })
            return new ElementExpression(position, owner, new ConstantExpression(token.Position, index));
        throw new TemplateError($"expected a name or a number, got {token.Description}", position: token.Position);
    }

    private Expression ParseElement(Expression owner)
    {
        int position = tokens.Next().Position;
        tokens.Enter();
        var keys = new List<Expression>();
        Expression? slice = null;
        while (!tokens.Current.IsOperator("]"))
        {
            if (keys.Count > 0 || slice is not null)
                tokens.ExpectOperator(",");
            if (slice is not null)
                tokens.Fail("several slices in one subscript are not supported");
            Expression? key = tokens.Current.IsOperator(":") ? null : Parse();
            if (tokens.Current.IsOperator(":"))
                slice = ParseSlice(position, owner, key);
            else
                keys.Add(key!);
            if (slice is not null && keys.Count > 0)
                tokens.Fail("a slice within a tuple is not supported");
        }

        tokens.ExpectOperator("]");
        tokens.Leave();
        if (slice is not null)
            return slice;
        if (keys.Count == 0)
            throw new TemplateError("a subscript needs an expression", position: position);
        return new ElementExpression(position, owner, keys.Count == 1 ? keys[0] : new ListExpression(position, keys, IsTuple: true));
    }

    private SliceExpression ParseSlice(int position, Expression owner, Expression? start)
    {
        tokens.ExpectOperator(":");
        Expression? stop = IsSliceEnd() ? null : Parse();
        Expression? step = tokens.SkipOperator(":") && !IsSliceEnd() ? Parse() : null;
        return new SliceExpression(position, owner, start, stop, step);
    }

    private bool IsSliceEnd() => tokens.Current.IsOperator(":") || tokens.Current.IsOperator("]") || tokens.Current.IsOperator(",");

    private FilterExpression ParseFilter(Expression? value)
    {
        Token token = tokens.Current;
        string name = ParseDottedName();
        unknown.CheckFilter(name, token.Position);
        ArgumentList arguments = tokens.Current.IsOperator("(") ? ParseArguments() : ArgumentList.None;
        return new FilterExpression(token.Position, value, name, arguments);
    }

    private Expression ParseTest(Expression value)
    {
        int position = tokens.Current.Position;
        bool isNegated = tokens.SkipName("not");
        Token token = tokens.Current;
        string name = ParseDottedName();
        unknown.CheckTest(name, token.Position);
        ArgumentList arguments = ArgumentList.None;
        if (tokens.Current.IsOperator("("))
            arguments = ParseArguments();
        else if (IsTestArgument())
            arguments = new ArgumentList([ParsePostfix(ParsePrimary())], [], null, null);
        var test = new TestExpression(token.Position, value, name, arguments);
        return isNegated ? new UnaryExpression(position, UnaryOperator.Not, test) : test;
    }

    /// <summary>A test takes what follows it for its argument unless that is an operator.</summary>
    private bool IsTestArgument()
    {
        Token token = tokens.Current;
        if (token.IsName("is"))
            tokens.Fail("tests cannot be chained with 'is'; use 'and'");
        return token.Kind switch
        {
            TokenKind.Name => token.Text is not ("else" or "or" or "and"),
            TokenKind.String or TokenKind.Number => true,
            _ => token.IsOperator("[") || token.IsOperator("{"),
        };
    }

    private string ParseDottedName()
    {
        string name = tokens.ExpectName().Text;
        while (tokens.SkipOperator("."))
            name += "." + tokens.ExpectName().Text;
        return name;
    }

    private ArgumentList ParseArguments() => new ArgumentParser(tokens, this).Parse();
}
