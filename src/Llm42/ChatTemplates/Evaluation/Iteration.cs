using Llm42.ChatTemplates.Formatting;
using Llm42.ChatTemplates.Values;

namespace Llm42.ChatTemplates.Evaluation;

/// <summary>Going through the elements of a value, as Python's iter() and len() do.</summary>
internal static class Iteration
{
    public static bool IsIterable(Value value) =>
        value is StringValue or ListValue or DictValue or DictViewValue or RangeValue or GeneratorValue or UndefinedValue or LoopValue;

    /// <summary>The elements, each counted as a step.</summary>
    public static IEnumerable<Value> Of(Value value, Budget budget)
    {
        IEnumerable<Value> items = value switch
        {
            ListValue list => list.Items,
            StringValue text => CodePoints.Enumerate(text.Text).Select(character => (Value)new StringValue(character)),
            DictValue dict => dict.Items.Select(item => item.Key),
            DictViewValue view => view.Enumerate(budget),
            RangeValue range => Enumerable.Range(0, range.Count).Select(i => (Value)range[i]),
            GeneratorValue generator => Drain(generator),
            UndefinedValue => [],
            _ => throw value.TypeError("is not iterable"),
        };
        return Counted(items, budget);
    }

    /// <summary>The elements in a list.</summary>
    public static List<Value> ToList(Value value, Budget budget)
    {
        var items = new List<Value>();
        foreach (Value item in Of(value, budget))
        {
            items.Add(item);
            if (items.Count % 1024 == 0)
                budget.AllocateElements(1024);
        }

        return items;
    }

    /// <summary>How many elements there are; false for a value that does not say.</summary>
    public static bool TryLength(Value value, out int length)
    {
        int? known = value switch
        {
            StringValue text => text.Length,
            ListValue list => list.Items.Count,
            DictValue dict => dict.Count,
            DictViewValue view => view.Dictionary.Count,
            RangeValue range => range.Count,
            UndefinedValue => 0,
            LoopValue loop => loop.Length,
            _ => null,
        };
        length = known ?? 0;
        return known is not null;
    }

    /// <summary>The elements from the last to the first; null for a value that cannot be gone through backwards.</summary>
    public static IEnumerable<Value>? Reversed(Value value, Budget budget) => value switch
    {
        StringValue text => Of(new StringValue(CodePoints.Reverse(text.Text)), budget),
        ListValue or DictValue or DictViewValue or RangeValue or UndefinedValue => Enumerable.Reverse(ToList(value, budget)),
        _ => null,
    };

    private static IEnumerable<Value> Drain(GeneratorValue generator)
    {
        while (generator.TryNext(out Value item))
            yield return item;
    }

    private static IEnumerable<Value> Counted(IEnumerable<Value> items, Budget budget)
    {
        foreach (Value item in items)
        {
            budget.Step();
            yield return item;
        }
    }
}
