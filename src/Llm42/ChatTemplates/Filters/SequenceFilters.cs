using System.Text;
using Llm42.ChatTemplates.Evaluation;
using Llm42.ChatTemplates.Formatting;
using Llm42.ChatTemplates.Values;

namespace Llm42.ChatTemplates.Filters;

/// <summary>Filters over lists, dictionaries and texts as a whole, and the default for what is missing.</summary>
internal static class SequenceFilters
{
    public static void AddTo(Dictionary<string, FilterBody> filters)
    {
        filters.Add("default", "default_value? boolean?", (value, a, budget) =>
            value is UndefinedValue || ((a[1]?.IsTrue ?? false) && !value.IsTrue) ? a[0] ?? StringValue.Empty : value);
        filters.Add("length", "", (value, a, budget) => Iteration.TryLength(value, out int length) ? IntegerValue.Of(length) : throw value.TypeError("has no len()"));
        filters.Add("first", "", (value, a, budget) => Iteration.Of(value, budget).FirstOrDefault() ?? new UndefinedValue("No first item, sequence was empty."));
        filters.Add("last", "", (value, a, budget) => Last(value, budget));
        filters.Add("list", "", (value, a, budget) => new ListValue(Iteration.ToList(value, budget), budget));
        filters.Add("reverse", "", Reverse);
        filters.Add("join", "d? attribute?", Join);
        filters.Add("items", "", (value, a, budget) => Items(value, budget));
        filters.Add("attr", "name", (value, a, budget) => Attributes.Get(value, PythonText.Of(a[0]!, budget), budget));
        filters.Add("batch", "linecount fill_with?", (value, a, budget) => new GeneratorValue(Batch(value, Numbers.ToIndex(a[0]!), a[1], budget)));
        filters.Add("slice", "slices fill_with?", (value, a, budget) => new GeneratorValue(Slice(value, Numbers.ToIndex(a[0]!), a[1], budget)));
        filters.Add("sum", "attribute? start?", Sum);
    }

    private static Value Last(Value value, Budget budget)
    {
        // The last element of a long list is not looked for from its first.
        if (value is ListValue { Items: [.., var last] })
            return last;
        IEnumerable<Value> reversed = Iteration.Reversed(value, budget) ?? throw value.TypeError("is not reversible");
        return reversed.FirstOrDefault() ?? new UndefinedValue("No last item, sequence was empty.");
    }

    private static Value Reverse(Value value, Value?[] arguments, Budget budget)
    {
        if (value is StringValue text)
        {
            budget.AllocateText(text.Text.Length);
            return new StringValue(CodePoints.Reverse(text.Text), text.IsMarkup);
        }

        if (Iteration.Reversed(value, budget) is { } reversed)
            return new GeneratorValue(reversed, "list_reverseiterator");
        if (!Iteration.IsIterable(value))
            throw new TemplateError("argument must be iterable");
        List<Value> items = Iteration.ToList(value, budget);
        items.Reverse();
        return new ListValue(items, budget);
    }

    private static StringValue Join(Value value, Value?[] arguments, Budget budget)
    {
        string separator = arguments[0] is null ? "" : PythonText.Of(arguments[0]!, budget);
        var getter = new AttributeGetter(arguments[1], budget);
        var text = new StringBuilder();
        bool isFirst = true;
        foreach (Value item in Iteration.Of(value, budget))
        {
            if (!isFirst)
                text.Append(separator);
            isFirst = false;
            text.Append(PythonText.Of(getter.Get(item), budget));
            if (text.Length > budget.Limits.MaximumValueLength)
                break;
        }

        budget.AllocateText(text.Length);
        return new StringValue(text.ToString());
    }

    private static GeneratorValue Items(Value value, Budget budget) => value switch
    {
        UndefinedValue => new GeneratorValue([]),
        DictValue dict => new GeneratorValue(new DictViewValue(dict, DictViewKind.Items).Enumerate(budget)),
        _ => throw new TemplateError("Can only get item pairs from a mapping."),
    };

    private static IEnumerable<Value> Batch(Value value, int count, Value? fill, Budget budget)
    {
        var batch = new List<Value>();
        foreach (Value item in Iteration.Of(value, budget))
        {
            if (batch.Count == count)
            {
                yield return new ListValue(batch, budget);
                batch = [];
            }

            batch.Add(item);
        }

        if (batch.Count == 0)
            yield break;
        int missing = fill is null or NoneValue ? 0 : count - batch.Count;
        if (missing > 0)
        {
            budget.AllocateElements(missing);
            batch.AddRange(Enumerable.Repeat(fill!, missing));
        }

        yield return new ListValue(batch, budget);
    }

    private static IEnumerable<Value> Slice(Value value, int slices, Value? fill, Budget budget)
    {
        List<Value> items = Iteration.ToList(value, budget);
        if (slices == 0)
            throw new TemplateError("integer division or modulo by zero");
        if (slices < 0)
            yield break;
        int size = items.Count / slices;
        int longer = items.Count % slices;
        int start = 0;
        for (int i = 0; i < slices; i++)
        {
            budget.Step();
            int count = size + (i < longer ? 1 : 0);
            List<Value> slice = items.GetRange(start, count);
            start += count;
            if (fill is not (null or NoneValue) && i >= longer)
                slice.Add(fill);
            yield return new ListValue(slice, budget);
        }
    }

    private static Value Sum(Value value, Value?[] arguments, Budget budget)
    {
        var getter = new AttributeGetter(arguments[0], budget);
        Value sum = arguments[1] ?? IntegerValue.Of(0);
        if (sum is StringValue)
            throw new TemplateError("sum() can't sum strings [use ''.join(seq) instead]");
        foreach (Value item in Iteration.Of(value, budget))
            sum = Operators.Apply(Syntax.BinaryOperator.Add, sum, getter.Get(item), budget);
        return sum;
    }
}
