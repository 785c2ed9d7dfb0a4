using System.Numerics;
using System.Text;
using Llm42.ChatTemplates.Evaluation;
using Llm42.ChatTemplates.Values;

namespace Llm42.ChatTemplates.Formatting;

/// <summary>text.format(...)</summary>
internal sealed class BraceFormat(string format, Arguments arguments, Budget budget)
{
    private int _automatic;
    private bool _isNumbered;

    public static StringValue Format(StringValue format, Arguments arguments, Budget budget)
    {
        if (format.IsMarkup)
            throw new TemplateError("format() of escaped text is not supported");
        return new StringValue(new BraceFormat(format.Text, arguments, budget).Run(format.Text, 2));
    }

    private string Run(string template, int depth)
    {
        if (depth == 0)
            throw new TemplateError("Max string recursion exceeded");
        var text = new StringBuilder();
        for (int i = 0; i < template.Length; i++)
        {
            char c = template[i];
            bool isDouble = i + 1 < template.Length && template[i + 1] == c;
            if (c is '{' or '}' && isDouble && (c == '{' || depth == 2))
            {
                text.Append(c);
                i++;
            }
            else if (c == '{')
            {
                int end = FieldEnd(template, i);
                text.Append(Field(template[(i + 1)..end], depth));
                i = end;
            }
            else
            {
                text.Append(c != '}' ? c : throw new TemplateError("Single '}' encountered in format string"));
            }

            if (text.Length > budget.Limits.MaximumValueLength)
                break;
        }

        budget.AllocateText(text.Length);
        return text.ToString();
    }

    private static int FieldEnd(string template, int start)
    {
        int depth = 0;
        for (int i = start; i < template.Length; i++)
        {
            depth += template[i] switch { '{' => 1, '}' => -1, _ => 0 };
            if (depth == 0)
                return i;
        }

        throw new TemplateError(start + 1 == template.Length ? "Single '{' encountered in format string" : "expected '}' before end of string");
    }

    private string Field(string field, int depth)
    {
        int bracket = 0;
        int nameEnd = 0;
        for (; nameEnd < field.Length && (bracket > 0 || field[nameEnd] is not (':' or '!')); nameEnd++)
            bracket += field[nameEnd] switch { '[' => 1, ']' when bracket > 0 => -1, _ => 0 };
        Value value = Look(field[..nameEnd]);
        string rest = field[nameEnd..];
        if (rest.StartsWith('!'))
        {
            if (rest.Length < 2 || (rest.Length > 2 && rest[2] != ':'))
                throw new TemplateError("expected ':' after conversion specifier");
            value = rest[1] switch
            {
                's' => new StringValue(PythonText.Of(value, budget)),
                'r' => new StringValue(PythonText.Representation(value, budget)),
                _ => throw new TemplateError($"the conversion '!{rest[1]}' is not supported"),
            };
            rest = rest[2..];
        }

        string specification = rest.Length > 1 ? rest[1..] : "";
        if (specification.Contains('{', StringComparison.Ordinal))
            specification = Run(specification, depth - 1);
        return FormatSpecification.Apply(specification, value, budget);
    }

    private Value Look(string name)
    {
        int end = name.AsSpan().IndexOfAny('.', '[');
        string first = end < 0 ? name : name[..end];
        Value value = Argument(first);
        for (int i = end < 0 ? name.Length : end; i < name.Length;)
        {
            if (name[i] == '.')
            {
                int stop = name.AsSpan(i + 1).IndexOfAny('.', '[');
                stop = stop < 0 ? name.Length : i + 1 + stop;
                string attribute = name[(i + 1)..stop];
                value = Attributes.Get(value, attribute, budget);
                i = stop;
            }
            else
            {
                int close = name.IndexOf(']', i);
                if (name[i] != '[' || close < 0)
                    throw new TemplateError("Missing ']' in format string");
                string key = name[(i + 1)..close];
                Value index = key.Length > 0 && key.All(char.IsAsciiDigit) && key.Length < 10
                    ? IntegerValue.Of(int.Parse(key, System.Globalization.CultureInfo.InvariantCulture))
                    : new StringValue(key);
                value = Attributes.GetElement(value, index, budget);
                i = close + 1;
            }

            if (value is UndefinedValue undefined)
                throw undefined.Error();
        }

        return value;
    }

    private Value Argument(string name)
    {
        if (name.Length > 0 && !name.All(char.IsAsciiDigit))
        {
            foreach ((string key, Value value) in arguments.Keywords)
            {
                if (key == name)
                    return value;
            }

            throw new TemplateError($"the format '{Shortened}' has no value for '{name}'");
        }

        bool isAutomatic = name.Length == 0;
        if (isAutomatic ? _isNumbered : _automatic > 0)
            throw new TemplateError("cannot switch between numbered fields and automatic ones in one format");
        _isNumbered |= !isAutomatic;
        int index = isAutomatic ? _automatic++ : name.Length < 10 ? int.Parse(name, System.Globalization.CultureInfo.InvariantCulture) : int.MaxValue;
        return index < arguments.Positional.Count
            ? arguments.Positional[index]
            : throw new TemplateError($"the format '{Shortened}' has no value for field {index}");
    }

    private string Shortened => format.Length <= 40 ? format : format[..40] + "...";
}
