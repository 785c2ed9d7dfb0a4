using Llm42.ChatTemplates.Evaluation;
using Llm42.ChatTemplates.Tests;
using Llm42.ChatTemplates.Values;

namespace Llm42.ChatTemplates.Filters;

/// <summary>map, select, reject, selectattr, rejectattr: each gives a generator.</summary>
internal static class SelectionFilters
{
    public static void AddTo(Dictionary<string, FilterBody> filters)
    {
        filters.Add("map", (value, arguments, budget) => new GeneratorValue(Map(value, arguments, budget)));
        filters.Add("select", (value, arguments, budget) => Select(value, arguments, budget, keeps: true, byAttribute: false));
        filters.Add("reject", (value, arguments, budget) => Select(value, arguments, budget, keeps: false, byAttribute: false));
        filters.Add("selectattr", (value, arguments, budget) => Select(value, arguments, budget, keeps: true, byAttribute: true));
        filters.Add("rejectattr", (value, arguments, budget) => Select(value, arguments, budget, keeps: false, byAttribute: true));
    }

    private static IEnumerable<Value> Map(Value value, Arguments arguments, Budget budget)
    {
        // Like the reference's, a generator that is never asked complains of nothing, and what is false has nothing to map.
        if (!value.IsTrue)
            yield break;
        Func<Value, Value> map = Mapping(arguments, budget);
        foreach (Value item in Iteration.Of(value, budget))
            yield return map(item);
    }

    private static Func<Value, Value> Mapping(Arguments arguments, Budget budget)
    {
        if (arguments.Positional.Count == 0 && arguments.Keywords.Any(keyword => keyword.Key == "attribute"))
        {
            if (arguments.Keywords.FirstOrDefault(keyword => keyword.Key is not ("attribute" or "default")) is { Key: not null } unexpected)
                throw new TemplateError($"Unexpected keyword argument '{unexpected.Key}'");
            return new AttributeGetter(Keyword("attribute"), budget, @default: Keyword("default")).Get;
        }

        if (arguments.Positional.Count == 0)
            throw new TemplateError("map requires a filter argument");
        string name = arguments.Positional[0] is StringValue text ? text.Text : throw new TemplateError("map requires the name of a filter");
        if (!FilterTable.Contains(name))
            throw FilterTable.Unknown(name, null);
        var rest = new Arguments([.. arguments.Positional.Skip(1)], arguments.Keywords);
        return item => FilterTable.Apply(name, item, rest, budget);

        Value? Keyword(string key) => arguments.Keywords.FirstOrDefault(keyword => keyword.Key == key).Value;
    }

    private static GeneratorValue Select(Value value, Arguments arguments, Budget budget, bool keeps, bool byAttribute) =>
        new(Selected(value, arguments, budget, keeps, byAttribute));

    private static IEnumerable<Value> Selected(Value value, Arguments arguments, Budget budget, bool keeps, bool byAttribute)
    {
        if (!value.IsTrue)
            yield break;
        int used = byAttribute ? 1 : 0;
        if (arguments.Positional.Count < used)
            throw new TemplateError("Missing parameter for attribute name");
        AttributeGetter? getter = byAttribute ? new AttributeGetter(arguments.Positional[0], budget) : null;
        Func<Value, bool> test = Test(arguments, used, budget);
        foreach (Value item in Iteration.Of(value, budget))
        {
            if (test(getter is null ? item : getter.Get(item)) == keeps)
                yield return item;
        }
    }

    private static Func<Value, bool> Test(Arguments arguments, int used, Budget budget)
    {
        if (arguments.Positional.Count <= used)
            return item => item.IsTrue;
        string name = arguments.Positional[used] is StringValue text ? text.Text : throw new TemplateError("the name of a test is needed");
        if (!TestTable.Contains(name))
            throw TestTable.Unknown(name, null);
        var rest = new Arguments([.. arguments.Positional.Skip(used + 1)], arguments.Keywords);
        return item => TestTable.Apply(name, item, rest, budget);
    }
}
