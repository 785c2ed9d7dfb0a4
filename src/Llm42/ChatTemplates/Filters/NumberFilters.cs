using System.Globalization;
using System.Numerics;
using Llm42.ChatTemplates.Evaluation;
using Llm42.ChatTemplates.Formatting;
using Llm42.ChatTemplates.Values;

namespace Llm42.ChatTemplates.Filters;

/// <summary>Filters that make numbers.</summary>
internal static class NumberFilters
{
    public static void AddTo(Dictionary<string, FilterBody> filters)
    {
        filters.Add("abs", "", (value, a, budget) => Absolute(value));
        filters.Add("int", "default? base?", (value, a, budget) => ToInteger(value, a[0] ?? IntegerValue.Of(0), a[1] is null ? 10 : Numbers.ToIndex(a[1]!)));
        filters.Add("float", "default?", (value, a, budget) => ToFloat(value, a[0] ?? new FloatValue(0)));
        filters.Add("round", "precision? method?", Round);
    }

    private static Value Absolute(Value value) => value switch
    {
        FloatValue number => new FloatValue(Math.Abs(number.Value)),
        UndefinedValue undefined => throw undefined.Error(),
        _ => Numbers.TryInteger(value, out BigInteger integer) ? IntegerValue.Of(BigInteger.Abs(integer)) : throw new TemplateError($"bad operand type for abs(): '{value.TypeName}'"),
    };

    private static Value ToInteger(Value value, Value otherwise, int radix)
    {
        switch (value)
        {
            case UndefinedValue undefined:
                throw undefined.Error();
            case FloatValue number:
                return double.IsFinite(number.Value) ? IntegerValue.Of(Numbers.Truncate(number.Value)) : otherwise;
            case StringValue text:
                if (PythonNumbers.TryInteger(text.Text, radix, out BigInteger parsed))
                    return IntegerValue.Of(parsed);
                return PythonNumbers.TryFloat(text.Text, out double real) && double.IsFinite(real) ? IntegerValue.Of(Numbers.Truncate(real)) : otherwise;
            default:
                return Numbers.TryInteger(value, out BigInteger integer) ? IntegerValue.Of(integer) : otherwise;
        }
    }

    private static Value ToFloat(Value value, Value otherwise) => value switch
    {
        UndefinedValue undefined => throw undefined.Error(),
        FloatValue => value,
        StringValue text => PythonNumbers.TryFloat(text.Text, out double number) ? new FloatValue(number) : otherwise,
        _ => Numbers.TryInteger(value, out _) ? new FloatValue(Numbers.ToDouble(value)) : otherwise,
    };

    private static Value Round(Value value, Value?[] arguments, Budget budget)
    {
        int precision = arguments[0] is null ? 0 : Numbers.ToIndex(arguments[0]!);
        string method = arguments[1] is null ? "common" : PythonText.Of(arguments[1]!, budget);
        if (method is not ("common" or "ceil" or "floor"))
            throw new TemplateError("method must be common, ceil or floor");
        if (value is UndefinedValue undefined)
            throw undefined.Error();
        if (!Numbers.IsNumber(value))
            throw new TemplateError($"type {value.TypeName} doesn't define __round__ method");
        if (method == "common")
            return value is FloatValue number ? new FloatValue(FloatText.Round(number.Value, precision)) : RoundInteger(value, precision);
        Value scale = Numbers.Power(IntegerValue.Of(10), IntegerValue.Of(precision));
        Value scaled = Numbers.Multiply(value, scale);
        Value cut = scaled is FloatValue real
            ? IntegerValue.Of(Numbers.Truncate(method == "ceil" ? Math.Ceiling(real.Value) : Math.Floor(real.Value)))
            : scaled;
        return Numbers.Divide(cut, scale);
    }

    private static IntegerValue RoundInteger(Value value, int precision)
    {
        Numbers.TryInteger(value, out BigInteger integer);
        if (precision >= 0)
            return IntegerValue.Of(integer);
        if (-(long)precision > IntegerValue.MaximumDigits)
            return IntegerValue.Of(0);
        BigInteger unit = BigInteger.Pow(10, -precision);
        BigInteger rounded = FloatText.RoundHalfEven(BigInteger.Abs(integer), unit) * unit;
        return IntegerValue.Of(integer.Sign < 0 ? -rounded : rounded);
    }
}
