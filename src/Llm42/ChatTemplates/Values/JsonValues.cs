using System.Globalization;
using System.Numerics;
using System.Text.Json;
using Llm42.ChatTemplates.Evaluation;

namespace Llm42.ChatTemplates.Values;

/// <summary>JSON as the values that a template sees.</summary>
internal static class JsonValues
{
    public static Value Of(JsonElement element, Budget budget)
    {
        budget.Enter();
        Value value = element.ValueKind switch
        {
            JsonValueKind.Object => Dict(element, budget),
            JsonValueKind.Array => List(element, budget),
            JsonValueKind.String => Text(element, budget),
            JsonValueKind.Number => Number(element.GetRawText()),
            JsonValueKind.True => BooleanValue.True,
            JsonValueKind.False => BooleanValue.False,
            JsonValueKind.Null => NoneValue.Instance,
            _ => throw new TemplateError("the request holds no JSON value"),
        };
        budget.Leave();
        return value;
    }

    private static DictValue Dict(JsonElement element, Budget budget)
    {
        var dict = new DictValue(budget);
        foreach (JsonProperty property in element.EnumerateObject())
            dict.Set(property.Name, Of(property.Value, budget));
        return dict;
    }

    private static ListValue List(JsonElement element, Budget budget)
    {
        var items = new List<Value>();
        foreach (JsonElement item in element.EnumerateArray())
            items.Add(Of(item, budget));
        return new ListValue(items, budget);
    }

    private static StringValue Text(JsonElement element, Budget budget)
    {
        string text = element.GetString()!;
        budget.AllocateText(text.Length);
        return new StringValue(text);
    }

    /// <summary>A number without point and exponent is an integer, as Python reads it.</summary>
    private static Value Number(string text)
    {
        if (text.AsSpan().IndexOfAny('.', 'e', 'E') >= 0)
            return new FloatValue(double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture));
        return text.Length <= IntegerValue.MaximumDigits
            ? IntegerValue.Of(BigInteger.Parse(text, CultureInfo.InvariantCulture))
            : throw new TemplateError($"the request holds an integer of {text.Length} digits; {IntegerValue.MaximumDigits} is the limit");
    }
}
