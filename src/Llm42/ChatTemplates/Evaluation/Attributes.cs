using Llm42.ChatTemplates.Methods;
using Llm42.ChatTemplates.Values;

namespace Llm42.ChatTemplates.Evaluation;

/// <summary>owner.name and owner[key], which look for each other's kind of thing where they do not find their own.</summary>
internal static class Attributes
{
    /// <summary>owner.name: a method first, then an element of that name.</summary>
    public static Value Get(Value owner, string name, Budget budget) =>
        FindAttribute(owner, name, budget)
        ?? (owner is DictValue dict && dict.TryGet(new StringValue(name), out Value value) ? value : null)
        ?? UndefinedValue.OfAttribute(owner, name);

    /// <summary>owner[key]: an element first, then a method of that name.</summary>
    public static Value GetElement(Value owner, Value key, Budget budget)
    {
        if (Subscripts.Find(owner, key, budget) is { } element)
            return element;
        if (key is not StringValue name)
            return UndefinedValue.OfElement(owner, key is IntegerValue or FloatValue or BooleanValue or NoneValue ? Formatting.PythonText.Of(key, budget) : key.TypeName);
        return FindAttribute(owner, name.Text, budget) ?? UndefinedValue.OfAttribute(owner, name.Text);
    }

    private static Value? FindAttribute(Value owner, string name, Budget budget)
    {
        if (owner is not UndefinedValue && name is ['_', '_', .., '_', '_'])
            return UndefinedValue.Unsafe(owner, name);
        switch (owner)
        {
            case UndefinedValue undefined:
                throw undefined.Error();
            case StringValue text:
                return StringMethods.Find(text, name, budget);
            case DictValue dict:
                return DictMethods.Find(dict, name, budget);
            case ListValue list:
                return ListMethods.Find(list, name, budget);
            case RangeValue range:
                return name switch
                {
                    "start" => IntegerValue.Of(new System.Numerics.BigInteger(range.Start)),
                    "stop" => IntegerValue.Of(new System.Numerics.BigInteger(range.Stop)),
                    "step" => IntegerValue.Of(new System.Numerics.BigInteger(range.Step)),
                    "index" or "count" => ListMethods.Find(new ListValue(Iteration.ToList(range, budget), budget), name, budget),
                    _ => null,
                };
            case NamespaceValue space:
                return space.Attributes.TryGet(new StringValue(name), out Value value) ? value : null;
            case LoopValue loop:
                return loop.Attribute(name);
            case IntegerValue or FloatValue or BooleanValue:
                return NumberMethods.Find(owner, name);
            case MacroValue macro:
                return MacroAttribute(macro, name, budget);
            case CyclerValue cycler:
                return name switch
                {
                    "next" => new FunctionValue("next", _ => cycler.Next()),
                    "current" => cycler.Current,
                    "reset" => new FunctionValue("reset", _ =>
                    {
                        cycler.Reset();
                        return NoneValue.Instance;
                    }),
                    _ => null,
                };
            default:
                return null;
        }
    }

    private static Value? MacroAttribute(MacroValue macro, string name, Budget budget) => name switch
    {
        "name" => new StringValue(macro.Name),
        "arguments" => new ListValue([.. macro.Parameters.Select(parameter => new StringValue(parameter))], budget, isTuple: true),
        "catch_varargs" => BooleanValue.Of(macro.TakesRest),
        "catch_kwargs" => BooleanValue.Of(macro.TakesKeywords),
        "caller" => BooleanValue.Of(macro.TakesCaller),
        _ => null,
    };
}
