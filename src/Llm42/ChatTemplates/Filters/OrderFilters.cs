using Llm42.ChatTemplates.Evaluation;
using Llm42.ChatTemplates.Formatting;
using Llm42.ChatTemplates.Values;

namespace Llm42.ChatTemplates.Filters;

/// <summary>Filters that compare elements: sort, unique, groupby, min, max, dictsort.</summary>
internal static class OrderFilters
{
    public static void AddTo(Dictionary<string, FilterBody> filters)
    {
        filters.Add("sort", "reverse? case_sensitive? attribute?", Sort);
        filters.Add("unique", "case_sensitive? attribute?", (value, a, budget) => new GeneratorValue(Unique(value, IsTrue(a[0]), a[1], budget)));
        filters.Add("groupby", "attribute default? case_sensitive?", GroupBy);
        filters.Add("min", "case_sensitive? attribute?", (value, a, budget) => Extreme(value, IsTrue(a[0]), a[1], budget, sign: -1));
        filters.Add("max", "case_sensitive? attribute?", (value, a, budget) => Extreme(value, IsTrue(a[0]), a[1], budget, sign: 1));
        filters.Add("dictsort", "case_sensitive? by? reverse?", DictSort);
    }

    private static bool IsTrue(Value? value) => value?.IsTrue ?? false;

    private static ListValue Sort(Value value, Value?[] arguments, Budget budget)
    {
        AttributeGetter[] getters = AttributeGetter.Several(arguments[2], budget, ignoresCase: !IsTrue(arguments[1]));
        List<Value> items = Iteration.ToList(value, budget);
        Func<Value, Value> key = item => new ListValue([.. getters.Select(getter => getter.Get(item))], budget);
        return new ListValue(StableSort.By(items, key, IsTrue(arguments[0]), budget), budget);
    }

    private static IEnumerable<Value> Unique(Value value, bool isCaseSensitive, Value? attribute, Budget budget)
    {
        var getter = new AttributeGetter(attribute, budget, !isCaseSensitive);
        var seen = new HashSet<Value>(budget.Comparer);
        foreach (Value item in Iteration.Of(value, budget))
        {
            if (!seen.Add(getter.Get(item)))
                continue;
            budget.AllocateEntry();
            yield return item;
        }
    }

    private static ListValue GroupBy(Value value, Value?[] arguments, Budget budget)
    {
        bool isCaseSensitive = IsTrue(arguments[2]);
        var key = new AttributeGetter(arguments[0], budget, !isCaseSensitive, arguments[1]);
        var label = new AttributeGetter(arguments[0], budget, false, arguments[1]);
        var groups = new List<Value>();
        var group = new List<Value>();
        Value? current = null;
        foreach (Value item in StableSort.By(Iteration.ToList(value, budget), key.Get, isReverse: false, budget))
        {
            Value next = key.Get(item);
            if (current is not null && !budget.Comparer.AreEqual(current, next))
                Close();
            current = next;
            group.Add(item);
        }

        if (group.Count > 0)
            Close();
        return new ListValue(groups, budget);

        void Close()
        {
            groups.Add(new ListValue([isCaseSensitive ? current! : label.Get(group[0]), new ListValue(group, budget)], budget, isTuple: true) { IsGroup = true });
            group = [];
        }
    }

    private static Value Extreme(Value value, bool isCaseSensitive, Value? attribute, Budget budget, int sign)
    {
        var getter = new AttributeGetter(attribute, budget, !isCaseSensitive);
        Value? best = null;
        Value? bestKey = null;
        foreach (Value item in Iteration.Of(value, budget))
        {
            Value key = getter.Get(item);
            if (bestKey is null || budget.Comparer.Compare(key, bestKey, sign < 0 ? "<" : ">") * sign > 0)
                (best, bestKey) = (item, key);
        }

        return best ?? new UndefinedValue("No aggregated item, sequence was empty.");
    }

    private static ListValue DictSort(Value value, Value?[] arguments, Budget budget)
    {
        if (value is not DictValue dict)
            throw value is UndefinedValue undefined ? undefined.Error() : value.TypeError("has no attribute 'items'");
        string by = arguments[1] is null ? "key" : PythonText.Of(arguments[1]!, budget);
        if (by is not ("key" or "value"))
            throw new TemplateError("You can only sort by either \"key\" or \"value\"");
        var getter = new AttributeGetter(IntegerValue.Of(by == "key" ? 0 : 1), budget, !IsTrue(arguments[0]));
        List<Value> items = [.. new DictViewValue(dict, DictViewKind.Items).Enumerate(budget)];
        return new ListValue(StableSort.By(items, getter.Get, IsTrue(arguments[2]), budget), budget);
    }
}
