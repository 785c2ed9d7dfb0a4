using System.Globalization;
using System.Text;
using Llm42.ChatTemplates.Evaluation;
using Llm42.ChatTemplates.Values;

namespace Llm42.ChatTemplates.Formatting;

/// <summary>Python's str() and repr().</summary>
internal static class PythonText
{
    /// <summary>str(value)</summary>
    public static string Of(Value value, Budget budget)
    {
        switch (value)
        {
            case StringValue text:
                return text.Text;
            case UndefinedValue:
                return "";
            default:
                return Representation(value, budget);
        }
    }

    /// <summary>repr(value)</summary>
    public static string Representation(Value value, Budget budget)
    {
        var text = new StringBuilder();
        Append(text, value, budget);
        budget.AllocateText(text.Length);
        return text.ToString();
    }

    private static void Append(StringBuilder text, Value value, Budget budget)
    {
        budget.Step();
        budget.Enter();
        switch (value)
        {
            case NoneValue:
                text.Append("None");
                break;
            case BooleanValue boolean:
                text.Append(boolean.Value ? "True" : "False");
                break;
            case IntegerValue integer:
                text.Append(integer.Value.ToString(CultureInfo.InvariantCulture));
                break;
            case FloatValue number:
                text.Append(FloatText.Shortest(number.Value));
                break;
            case StringValue { IsMarkup: true } markup:
                text.Append("Markup(");
                AppendQuoted(text, markup.Text);
                text.Append(')');
                break;
            case StringValue plain:
                AppendQuoted(text, plain.Text);
                break;
            case ListValue list:
                AppendItems(text, list.IsTuple ? '(' : '[', list.Items, list.IsTuple ? list.Items.Count == 1 ? ",)" : ")" : "]", budget);
                break;
            case DictValue dict:
                AppendDict(text, dict, budget);
                break;
            case DictViewValue view:
                text.Append(view.TypeName).Append('(');
                AppendItems(text, '[', view.Enumerate(budget), "])", budget);
                break;
            case RangeValue range:
                text.Append(CultureInfo.InvariantCulture, $"range({range.Start}, {range.Stop}");
                text.Append(range.Step == 1 ? ")" : string.Create(CultureInfo.InvariantCulture, $", {range.Step})"));
                break;
            case UndefinedValue:
                text.Append("Undefined");
                break;
            case NamespaceValue space:
                text.Append("<Namespace ");
                AppendDict(text, space.Attributes, budget);
                text.Append('>');
                break;
            case MacroValue macro:
                text.Append("<Macro '").Append(macro.Name).Append("'>");
                break;
            case LoopValue loop:
                text.Append(loop.Text);
                break;
            case GeneratorValue:
                throw new TemplateError("a generator is printed, which is not its elements; put |list or |join behind it");
            default:
                throw new TemplateError($"a {value.TypeName} is printed{(value is FunctionValue function ? $"; '{function.Name}' has to be called" : "")}");
        }

        CheckLength(text, budget);
        budget.Leave();
    }

    private static void AppendItems(StringBuilder text, char open, IEnumerable<Value> items, string close, Budget budget)
    {
        text.Append(open);
        bool isFirst = true;
        foreach (Value item in items)
        {
            if (!isFirst)
                text.Append(", ");
            isFirst = false;
            Append(text, item, budget);
        }

        text.Append(close);
    }

    private static void AppendDict(StringBuilder text, DictValue dict, Budget budget)
    {
        text.Append('{');
        for (int i = 0; i < dict.Count; i++)
        {
            if (i > 0)
                text.Append(", ");
            Append(text, dict.Items[i].Key, budget);
            text.Append(": ");
            Append(text, dict.Items[i].Value, budget);
        }

        text.Append('}');
    }

    private static void AppendQuoted(StringBuilder text, string value)
    {
        char quote = value.Contains('\'', StringComparison.Ordinal) && !value.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        text.Append(quote);
        foreach (Rune rune in value.EnumerateRunes())
            AppendCharacter(text, rune, quote);
        text.Append(quote);
    }

    private static void AppendCharacter(StringBuilder text, Rune rune, char quote)
    {
        int c = rune.Value;
        _ = c switch
        {
            '\\' => text.Append("\\\\"),
            '\n' => text.Append("\\n"),
            '\r' => text.Append("\\r"),
            '\t' => text.Append("\\t"),
            _ when c == quote => text.Append('\\').Append(quote),
            _ when PythonCharacters.IsPrintable(c) => text.Append(rune.ToString()),
            < 0x100 => text.Append(CultureInfo.InvariantCulture, $"\\x{c:x2}"),
            < 0x10000 => text.Append(CultureInfo.InvariantCulture, $"\\u{c:x4}"),
            _ => text.Append(CultureInfo.InvariantCulture, $"\\U{c:x8}"),
        };
    }

    private static void CheckLength(StringBuilder text, Budget budget)
    {
        if (text.Length > budget.Limits.MaximumValueLength)
            budget.AllocateText(text.Length);
    }
}
