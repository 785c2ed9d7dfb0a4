using Llm42.ChatTemplates.Syntax;
using Llm42.ChatTemplates.Values;

namespace Llm42.ChatTemplates.Evaluation;

/// <summary>Puts a call's arguments into the scope of a macro's body.</summary>
internal static class MacroArguments
{
    public static void Bind(
        Macro macro, Arguments arguments, bool takesRest, bool takesKeywords, bool takesCaller, Scope scope, Budget budget,
        Func<Expression, Value> evaluate)
    {
        var keywords = new List<KeyValuePair<string, Value>>(arguments.Keywords);
        var values = new Value?[macro.Parameters.Count];
        for (int i = 0; i < values.Length; i++)
            values[i] = i < arguments.Positional.Count ? arguments.Positional[i] : Take(keywords, macro.Parameters[i].Name);
        if (takesCaller)
            scope.Set("caller", Take(keywords, "caller") ?? new UndefinedValue("No caller defined"));
        if (takesKeywords)
            scope.Set("kwargs", ToDict(keywords, budget));
        else if (keywords.Count > 0)
            throw new TemplateError($"macro '{macro.Name}' takes no keyword argument '{keywords[0].Key}'");
        if (takesRest)
            scope.Set("varargs", new ListValue([.. arguments.Positional.Skip(values.Length)], budget, isTuple: true));
        else if (arguments.Positional.Count > values.Length)
            throw new TemplateError($"macro '{macro.Name}' takes not more than {values.Length} argument(s)");

        // A default may read the parameters before it.
        for (int i = 0; i < values.Length; i++)
        {
            Parameter parameter = macro.Parameters[i];
            scope.Set(parameter.Name, values[i] ?? (parameter.Default is null
                ? new UndefinedValue($"parameter '{parameter.Name}' was not provided")
                : evaluate(parameter.Default)));
        }
    }

    private static Value? Take(List<KeyValuePair<string, Value>> keywords, string name)
    {
        int place = keywords.FindIndex(keyword => keyword.Key == name);
        if (place < 0)
            return null;
        Value value = keywords[place].Value;
        keywords.RemoveAt(place);
        return value;
    }

    private static DictValue ToDict(List<KeyValuePair<string, Value>> keywords, Budget budget)
    {
        var dict = new DictValue(budget);
        foreach ((string name, Value value) in keywords)
            dict.Set(name, value);
        return dict;
    }
}
