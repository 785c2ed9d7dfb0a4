using System.Text;
using Llm42.ChatTemplates.Filters;
using Llm42.ChatTemplates.Formatting;
using Llm42.ChatTemplates.Syntax;
using Llm42.ChatTemplates.Tests;
using Llm42.ChatTemplates.Values;

namespace Llm42.ChatTemplates.Evaluation;

/// <summary>Evaluates expressions.</summary>
/// <param name="variables">What names mean that no scope sets.</param>
/// <param name="budget">What the rendering may use.</param>
internal sealed class ExpressionEvaluator(IReadOnlyDictionary<string, Value> variables, Budget budget)
{
    public Value Evaluate(Expression expression, Scope scope)
    {
        budget.Step();
        budget.Enter();
        budget.Position = expression.Position;
        Value value = expression switch
        {
            ConstantExpression constant => constant.Value,
            NameExpression name => Name(name.Name, scope),
            AttributeExpression attribute => Attribute(attribute, scope),
            ElementExpression element => Element(element, scope),
            SliceExpression slice => Slice(slice, scope),
            CallExpression call => Call(call, scope),
            FilterExpression filter => Filter(filter, Evaluate(filter.Value!, scope), scope),
            TestExpression test => Test(test, scope),
            BinaryExpression binary => Binary(binary, scope),
            UnaryExpression unary => Operators.Apply(unary.Operator, Evaluate(unary.Operand, scope)),
            LogicalExpression logical => Logical(logical, scope),
            ComparisonExpression comparison => Comparison(comparison, scope),
            ConcatenationExpression concatenation => Concatenation(concatenation, scope),
            ConditionalExpression conditional => Conditional(conditional, scope),
            ListExpression list => new ListValue(EvaluateAll(list.Items, scope), budget, list.IsTuple),
            DictExpression dict => Dict(dict, scope),
            _ => throw new InvalidOperationException($"no evaluation of {expression.GetType().Name}"),
        };
        budget.Leave();
        return value;
    }

    public Value Name(string name, Scope scope)
    {
        if (!scope.TryGet(name, out Value? value))
            variables.TryGetValue(name, out value);
        return value ?? UndefinedValue.OfName(name);
    }

    /// <summary>Applies a filter to a value; where the filter stands in front of another, that one first.</summary>
    public Value Filter(FilterExpression filter, Value value, Scope scope)
    {
        Arguments arguments = EvaluateArguments(filter.Arguments, scope);
        budget.Position = filter.Position;
        return FilterTable.Apply(filter.Name, value, arguments, budget);
    }

    /// <summary>Applies the filters of a block to its text.</summary>
    public Value FilterBlock(FilterExpression filter, Value text, Scope scope)
    {
        Value value = filter.Value is FilterExpression inner ? FilterBlock(inner, text, scope) : text;
        return Filter(filter, value, scope);
    }

    /// <summary>Calls a value.</summary>
    public Value Call(Value function, Arguments arguments)
    {
        foreach (Value argument in arguments.Positional)
            budget.Read(argument);
        return function switch
        {
            FunctionValue callable => callable.Call(arguments),
            LoopValue loop => loop.Recurse(arguments),
            JoinerValue joiner => joiner.Next(),
            UndefinedValue undefined => throw undefined.Error(),
            _ => throw function.TypeError("is not callable"),
        };
    }

    public Arguments EvaluateArguments(ArgumentList list, Scope scope)
    {
        if (ReferenceEquals(list, ArgumentList.None))
            return Arguments.None;
        List<Value> positional = EvaluateAll(list.Positional, scope);
        var keywords = new List<KeyValuePair<string, Value>>(list.Keywords.Count);
        foreach ((string name, Expression value) in list.Keywords)
            keywords.Add(new KeyValuePair<string, Value>(name, Evaluate(value, scope)));
        if (list.Rest is not null)
            positional.AddRange(Iteration.ToList(Evaluate(list.Rest, scope), budget));
        if (list.KeywordRest is not null)
            AddKeywords(keywords, Evaluate(list.KeywordRest, scope));
        return new Arguments(positional, keywords);
    }

    private static void AddKeywords(List<KeyValuePair<string, Value>> keywords, Value rest)
    {
        if (rest is not DictValue dict)
            throw new TemplateError($"argument after ** must be a mapping, not {rest.TypeName}");
        foreach ((Value key, Value value) in dict.Items)
        {
            if (key is not StringValue name)
                throw new TemplateError("keywords must be strings");
            if (keywords.Exists(keyword => keyword.Key == name.Text))
                throw new TemplateError($"got multiple values for keyword argument '{name.Text}'");
            keywords.Add(new KeyValuePair<string, Value>(name.Text, value));
        }
    }

    private List<Value> EvaluateAll(IReadOnlyList<Expression> expressions, Scope scope)
    {
        var values = new List<Value>(expressions.Count);
        foreach (Expression expression in expressions)
            values.Add(Evaluate(expression, scope));
        return values;
    }

    private Value Attribute(AttributeExpression attribute, Scope scope)
    {
        Value owner = Evaluate(attribute.Owner, scope);
        budget.Position = attribute.Position;
        return Attributes.Get(owner, attribute.Name, budget);
    }

    private Value Element(ElementExpression element, Scope scope)
    {
        Value owner = Evaluate(element.Owner, scope);
        Value key = Evaluate(element.Key, scope);
        budget.Position = element.Position;
        return Attributes.GetElement(owner, key, budget);
    }

    private Value Slice(SliceExpression slice, Scope scope)
    {
        Value owner = Evaluate(slice.Owner, scope);
        Value? start = slice.Start is null ? null : Evaluate(slice.Start, scope);
        Value? stop = slice.Stop is null ? null : Evaluate(slice.Stop, scope);
        Value? step = slice.Step is null ? null : Evaluate(slice.Step, scope);
        budget.Position = slice.Position;
        return Subscripts.Slice(owner, start, stop, step, budget);
    }

    private Value Call(CallExpression call, Scope scope)
    {
        Value function = Evaluate(call.Function, scope);
        Arguments arguments = EvaluateArguments(call.Arguments, scope);
        budget.Position = call.Position;
        return Call(function, arguments);
    }

    private BooleanValue Test(TestExpression test, Scope scope)
    {
        Value value = Evaluate(test.Value, scope);
        Arguments arguments = EvaluateArguments(test.Arguments, scope);
        budget.Position = test.Position;
        return BooleanValue.Of(TestTable.Apply(test.Name, value, arguments, budget));
    }

    private Value Binary(BinaryExpression binary, Scope scope)
    {
        Value left = Evaluate(binary.Left, scope);
        Value right = Evaluate(binary.Right, scope);
        budget.Position = binary.Position;
        return Operators.Apply(binary.Operator, left, right, budget);
    }

    private Value Logical(LogicalExpression logical, Scope scope)
    {
        Value left = Evaluate(logical.Left, scope);
        return left.IsTrue == logical.IsAnd ? Evaluate(logical.Right, scope) : left;
    }

    private BooleanValue Comparison(ComparisonExpression comparison, Scope scope)
    {
        Value left = Evaluate(comparison.First, scope);
        foreach (ComparisonOperand operand in comparison.Rest)
        {
            Value right = Evaluate(operand.Operand, scope);
            budget.Position = comparison.Position;
            if (!Operators.Compare(operand.Operator, left, right, budget))
                return BooleanValue.False;
            left = right;
        }

        return BooleanValue.True;
    }

    private StringValue Concatenation(ConcatenationExpression concatenation, Scope scope)
    {
        var text = new StringBuilder();
        foreach (Expression part in concatenation.Parts)
        {
            string piece = PythonText.Of(Evaluate(part, scope), budget);
            budget.AllocateText((long)text.Length + piece.Length);
            text.Append(piece);
        }

        return new StringValue(text.ToString());
    }

    private Value Conditional(ConditionalExpression conditional, Scope scope)
    {
        if (Evaluate(conditional.Test, scope).IsTrue)
            return Evaluate(conditional.Then, scope);
        return conditional.Otherwise is not null
            ? Evaluate(conditional.Otherwise, scope)
            : new UndefinedValue("the inline if-expression evaluated to false and no else section was defined.");
    }

    private DictValue Dict(DictExpression expression, Scope scope)
    {
        var dict = new DictValue(budget);
        foreach ((Expression key, Expression value) in expression.Items)
        {
            Value name = Evaluate(key, scope);
            dict.Set(name, Evaluate(value, scope));
        }

        return dict;
    }
}
