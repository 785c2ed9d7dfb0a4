using System.Globalization;
using System.Text;
using Llm42.ChatTemplates.Evaluation;
using Llm42.ChatTemplates.Values;

namespace Llm42.ChatTemplates.Formatting;

/// <summary>json.dumps() as chat templates know it.</summary>
internal sealed class JsonText
{
    private readonly StringBuilder _text = new();
    private readonly Budget _budget;
    private readonly bool _isAscii;
    private readonly bool _isSorted;
    private readonly string? _indent;
    private readonly string _itemSeparator;
    private readonly string _keySeparator;

    private JsonText(Budget budget, bool isAscii, Value indent, Value separators, bool isSorted)
    {
        _budget = budget;
        _isAscii = isAscii;
        _isSorted = isSorted;
        _indent = IndentOf(indent, budget);
        (_itemSeparator, _keySeparator) = SeparatorsOf(separators, _indent);
    }

    public static string Of(Value value, bool isAscii, Value indent, Value separators, bool isSorted, Budget budget)
    {
        var json = new JsonText(budget, isAscii, indent, separators, isSorted);
        json.Write(value, 0);
        budget.AllocateText(json._text.Length);
        return json._text.ToString();
    }

    private static string? IndentOf(Value indent, Budget budget)
    {
        switch (indent)
        {
            case NoneValue:
                return null;
            case StringValue text:
                return text.Text;
            case IntegerValue or BooleanValue:
                int width = Math.Max(0, Numbers.ToIndex(indent));
                budget.AllocateText(width);
                return new string(' ', width);
            default:
                throw new TemplateError($"tojson(indent=...) is a {indent.TypeName}; it must be an integer or a string");
        }
    }

    private static (string Item, string Key) SeparatorsOf(Value separators, string? indent)
    {
        if (separators is NoneValue)
            return (indent is null ? ", " : ",", ": ");
        return separators is ListValue { Items: [StringValue item, StringValue key] }
            ? (item.Text, key.Text)
            : throw new TemplateError("tojson(separators=...) must be two strings, such as (',', ':')");
    }

    private void Write(Value value, int depth)
    {
        _budget.Step();
        switch (value)
        {
            case NoneValue:
                _text.Append("null");
                break;
            case BooleanValue boolean:
                _text.Append(boolean.Value ? "true" : "false");
                break;
            case StringValue text:
                WriteString(text.Text);
                break;
            case IntegerValue integer:
                _text.Append(integer.Value.ToString(CultureInfo.InvariantCulture));
                break;
            case FloatValue number:
                _text.Append(FloatOf(number.Value));
                break;
            case ListValue list:
                WriteList(list, depth);
                break;
            case DictValue dict:
                WriteDict(dict, depth);
                break;
            default:
                throw new TemplateError($"Object of type {value.TypeName} is not JSON serializable");
        }

        if (_text.Length > _budget.Limits.MaximumValueLength)
            _budget.AllocateText(_text.Length);
    }

    private void WriteList(ListValue list, int depth)
    {
        _text.Append('[');
        for (int i = 0; i < list.Items.Count; i++)
        {
            if (i > 0)
                _text.Append(_itemSeparator);
            WriteLine(depth + 1);
            Write(list.Items[i], depth + 1);
        }

        if (list.Items.Count > 0)
            WriteLine(depth);
        _text.Append(']');
    }

    private void WriteDict(DictValue dict, int depth)
    {
        _text.Append('{');
        IEnumerable<KeyValuePair<Value, Value>> items = _isSorted ? StableSort.By(dict.Items, item => item.Key, isReverse: false, _budget) : dict.Items;
        bool isFirst = true;
        foreach ((Value key, Value item) in items)
        {
            if (!isFirst)
                _text.Append(_itemSeparator);
            isFirst = false;
            WriteLine(depth + 1);
            WriteString(KeyOf(key));
            _text.Append(_keySeparator);
            Write(item, depth + 1);
        }

        if (dict.Count > 0)
            WriteLine(depth);
        _text.Append('}');
    }

    private static string KeyOf(Value key) => key switch
    {
        StringValue text => text.Text,
        NoneValue => "null",
        BooleanValue boolean => boolean.Value ? "true" : "false",
        IntegerValue integer => integer.Value.ToString(CultureInfo.InvariantCulture),
        FloatValue number => FloatOf(number.Value),
        _ => throw new TemplateError($"keys must be str, int, float, bool or None, not {key.TypeName}"),
    };

    private static string FloatOf(double value) =>
        double.IsNaN(value) ? "NaN" : double.IsInfinity(value) ? value > 0 ? "Infinity" : "-Infinity" : FloatText.Shortest(value);

    private void WriteLine(int depth)
    {
        if (_indent is null)
            return;
        _text.Append('\n');
        for (int i = 0; i < depth; i++)
            _text.Append(_indent);
        if (_text.Length > _budget.Limits.MaximumValueLength)
            _budget.AllocateText(_text.Length);
    }

    private void WriteString(string value)
    {
        _text.Append('"');
        foreach (char c in value)
        {
            _ = c switch
            {
                '"' => _text.Append("\\\""),
                '\\' => _text.Append("\\\\"),
                '\n' => _text.Append("\\n"),
                '\r' => _text.Append("\\r"),
                '\t' => _text.Append("\\t"),
                '\f' => _text.Append("\\f"),
                '\b' => _text.Append("\\b"),
                < ' ' => _text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                > '\x7f' when _isAscii => _text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => _text.Append(c),
            };
        }

        _text.Append('"');
    }
}
