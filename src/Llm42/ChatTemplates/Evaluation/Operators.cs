using System.Text;
using Llm42.ChatTemplates.Formatting;
using Llm42.ChatTemplates.Syntax;
using Llm42.ChatTemplates.Values;

namespace Llm42.ChatTemplates.Evaluation;

/// <summary>What Python's operators do with each type.</summary>
internal static class Operators
{
    public static Value Apply(BinaryOperator @operator, Value left, Value right, Budget budget)
    {
        switch (@operator)
        {
            case BinaryOperator.Add:
                return Add(left, right, budget);
            case BinaryOperator.Multiply:
                return Multiply(left, right, budget);
            case BinaryOperator.Modulo when left is StringValue text:
                return PercentFormat.Format(text, right, budget);
        }

        return @operator switch
        {
            BinaryOperator.Subtract => Numbers.Subtract(left, right),
            BinaryOperator.Divide => Numbers.Divide(left, right),
            BinaryOperator.FloorDivide => Numbers.FloorDivide(left, right),
            BinaryOperator.Modulo => Numbers.Modulo(left, right),
            _ => Numbers.Power(left, right),
        };
    }

    public static Value Apply(UnaryOperator @operator, Value operand)
    {
        if (@operator == UnaryOperator.Not)
            return BooleanValue.Of(!operand.IsTrue);
        if (operand is UndefinedValue undefined)
            throw undefined.Error();
        bool isNegation = @operator == UnaryOperator.Negate;
        if (operand is FloatValue number)
            return isNegation ? new FloatValue(-number.Value) : number;
        return Numbers.TryInteger(operand, out var integer)
            ? IntegerValue.Of(isNegation ? -integer : integer)
            : throw new TemplateError($"bad operand type for unary {(isNegation ? '-' : '+')}: '{operand.TypeName}'");
    }

    public static bool Compare(string @operator, Value left, Value right, Budget budget)
    {
        switch (@operator)
        {
            case "==":
                return budget.Comparer.AreEqual(left, right);
            case "!=":
                return !budget.Comparer.AreEqual(left, right);
            case "in":
                return Contains(right, left, budget);
            case "not in":
                return !Contains(right, left, budget);
        }

        int? order = budget.Comparer.Compare(left, right, @operator);
        return @operator switch
        {
            "<" => order < 0,
            "<=" => order <= 0,
            ">" => order > 0,
            _ => order >= 0,
        };
    }

    /// <summary>item in container</summary>
    public static bool Contains(Value container, Value item, Budget budget)
    {
        switch (container)
        {
            case StringValue text:
                budget.Read(text);
                return item switch
                {
                    StringValue part => text.Text.Contains(part.Text, StringComparison.Ordinal),
                    UndefinedValue undefined => throw undefined.Error(),
                    _ => throw new TemplateError($"'in <string>' requires string as left operand, not {item.TypeName}"),
                };
            case DictValue dict:
                return dict.TryGet(item, out _);
            case DictViewValue { Kind: DictViewKind.Keys } keys:
                return keys.Dictionary.TryGet(item, out _);
        }

        if (!Iteration.IsIterable(container))
            throw new TemplateError($"argument of type '{container.TypeName}' is not iterable");
        foreach (Value candidate in Iteration.Of(container, budget))
        {
            if (ReferenceEquals(candidate, item) || budget.Comparer.AreEqual(candidate, item))
                return true;
        }

        return false;
    }

    private static Value Add(Value left, Value right, Budget budget)
    {
        switch (left, right)
        {
            case (StringValue a, StringValue b):
                budget.AllocateText((long)a.Text.Length + b.Text.Length);
                if (!a.IsMarkup && !b.IsMarkup)
                    return new StringValue(a.Text + b.Text);
                return new StringValue(Html.EscapeUnlessMarkup(a, budget) + Html.EscapeUnlessMarkup(b, budget), isMarkup: true);
            case (ListValue a, ListValue b) when a.IsTuple == b.IsTuple:
                budget.AllocateElements((long)a.Items.Count + b.Items.Count);
                return new ListValue([.. a.Items, .. b.Items], budget, a.IsTuple);
            case (StringValue, not UndefinedValue):
                throw new TemplateError($"can only concatenate str (not \"{right.TypeName}\") to str");
            case (ListValue, not UndefinedValue):
                throw new TemplateError($"can only concatenate {left.TypeName} (not \"{right.TypeName}\") to {left.TypeName}");
            default:
                return Numbers.Add(left, right);
        }
    }

    private static Value Multiply(Value left, Value right, Budget budget)
    {
        if (left is not (StringValue or ListValue) && right is StringValue or ListValue)
            (left, right) = (right, left);
        if (left is not (StringValue or ListValue) || !Numbers.TryInteger(right, out _))
        {
            return left is StringValue or ListValue && right is not UndefinedValue
                ? throw new TemplateError($"can't multiply sequence by non-int of type '{right.TypeName}'")
                : Numbers.Multiply(left, right);
        }

        int count = Math.Max(0, Numbers.ToIndex(right));
        if (left is StringValue text)
        {
            if (text.Text.Length == 0)
                return text;
            budget.AllocateText((long)text.Text.Length * count);
            return new StringValue(new StringBuilder(text.Text.Length * count).Insert(0, text.Text, count).ToString(), text.IsMarkup);
        }

        var list = (ListValue)left;
        budget.AllocateElements((long)list.Items.Count * count);
        var items = new List<Value>(list.Items.Count * count);
        for (int i = 0; i < count && list.Items.Count > 0; i++)
            items.AddRange(list.Items);
        return new ListValue(items, budget, list.IsTuple);
    }
}
