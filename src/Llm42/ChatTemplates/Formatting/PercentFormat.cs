using System.Numerics;
using System.Text;
using Llm42.ChatTemplates.Evaluation;
using Llm42.ChatTemplates.Values;

namespace Llm42.ChatTemplates.Formatting;

/// <summary>text % values</summary>
internal sealed class PercentFormat
{
    private readonly string _format;
    private readonly bool _isMarkup;
    private readonly Value _values;
    private readonly Budget _budget;
    private int _position;
    private int _used;
    private bool _hasNames;

    private PercentFormat(StringValue format, Value values, Budget budget)
    {
        _format = format.Text;
        _isMarkup = format.IsMarkup;
        _values = values;
        _budget = budget;
    }

    public static StringValue Format(StringValue format, Value values, Budget budget) =>
        new(new PercentFormat(format, values, budget).Run(), format.IsMarkup);

    private string Run()
    {
        var text = new StringBuilder();
        while (_position < _format.Length)
        {
            int percent = _format.IndexOf('%', _position);
            int end = percent < 0 ? _format.Length : percent;
            text.Append(_format, _position, end - _position);
            _position = end;
            if (percent >= 0)
            {
                _position++;
                text.Append(Next());
            }

            if (text.Length > _budget.Limits.MaximumValueLength)
                break;
        }

        _budget.AllocateText(text.Length);
        bool isMapping = _values is DictValue or ListValue { IsTuple: false } or RangeValue or UndefinedValue;
        int given = _values is ListValue { IsTuple: true } tuple ? tuple.Items.Count : isMapping ? _used : 1;
        if (_used < given && !_hasNames)
            throw new TemplateError("not all arguments converted during string formatting");
        return text.ToString();
    }

    private string Next()
    {
        Value? named = ReadName();
        string flags = ReadWhile(c => c is '-' or '+' or ' ' or '#' or '0');
        bool isLeft = flags.Contains('-', StringComparison.Ordinal);
        int? width = ReadSize();
        if (width < 0)
        {
            isLeft = true;
            width = -width;
        }

        int? precision = null;
        if (Peek() == '.')
        {
            _position++;
            precision = Math.Max(0, ReadSize() ?? 0);
        }

        ReadWhile(c => c is 'h' or 'l' or 'L');
        if (_position >= _format.Length)
            throw new TemplateError("incomplete format");
        char type = _format[_position++];
        if (type == '%')
            return "%";
        Value value = named ?? NextValue();
        (string text, int signLength, bool isNumber) = Convert(type, value, flags, precision);
        char align = isLeft ? '<' : isNumber && flags.Contains('0', StringComparison.Ordinal) ? '=' : '>';
        return NumberFormat.Pad(text, width ?? 0, align, align == '=' ? "0" : " ", signLength, _budget);
    }

    private (string Text, int SignLength, bool IsNumber) Convert(char type, Value value, string flags, int? precision)
    {
        switch (type)
        {
            case 's' or 'r' or 'a':
                string text = type == 's' ? PythonText.Of(value, _budget) : PythonText.Representation(value, _budget);
                if (_isMarkup)
                    text = type == 's' && value is StringValue { IsMarkup: true } ? text : Html.Escape(text, _budget);
                if (type == 'a')
                    throw new TemplateError("the conversion %a is not supported; use %r");
                return (precision is { } most && most < CodePoints.Count(text)
                    ? text[..CodePoints.ToUnits(text, CodePoints.Count(text), most)]
                    : text, 0, false);
            case 'c':
                return (Character(value), 0, false);
            case 'd' or 'i' or 'u' or 'x' or 'X' or 'o':
                return Number(Integer(type, value, flags.Contains('#', StringComparison.Ordinal), precision), IsNegative(value), flags);
            case 'e' or 'E' or 'f' or 'F' or 'g' or 'G':
                double number = value is StringValue ? throw NoNumber("must be real number, not str") : Numbers.ToDouble(value);
                return Number(NumberFormat.Float(number, type, precision ?? 6, flags.Contains('#', StringComparison.Ordinal)), double.IsNegative(number) && !double.IsNaN(number), flags);
            default:
                throw new TemplateError($"unsupported format character '{type}'");
        }
    }

    private static TemplateError NoNumber(string problem) => new(problem);

    private static bool IsNegative(Value value) => value is FloatValue number
        ? Numbers.Truncate(number.Value).Sign < 0
        : Numbers.TryInteger(value, out BigInteger integer) && integer.Sign < 0;

    private static string Integer(char type, Value value, bool withPrefix, int? precision)
    {
        BigInteger integer = value is FloatValue number && type is 'd' or 'i' or 'u'
            ? Numbers.Truncate(((FloatValue)value).Value)
            : Numbers.TryInteger(value, out BigInteger whole)
                ? whole
                : throw new TemplateError($"%{type} format: {(type is 'd' or 'i' or 'u' ? "a real number" : "an integer")} is required, not {value.TypeName}");
        string text = NumberFormat.Integer(integer, type, withPrefix);
        int prefix = withPrefix && type is 'x' or 'X' or 'o' ? 2 : 0;
        if (precision > FloatText.MaximumPrecision)
            throw new TemplateError($"a number with {precision} digits is asked for; {FloatText.MaximumPrecision} is the limit");
        return text[..Math.Min(prefix, text.Length)] + text[Math.Min(prefix, text.Length)..].PadLeft(precision ?? 0, '0');
    }

    private static (string Text, int SignLength, bool IsNumber) Number(string digits, bool isNegative, string flags)
    {
        string sign = isNegative ? "-" : flags.Contains('+', StringComparison.Ordinal) ? "+" : flags.Contains(' ', StringComparison.Ordinal) ? " " : "";
        int prefix = digits.Length > 1 && digits[1] is 'x' or 'X' or 'o' ? 2 : 0;
        return (sign + digits, sign.Length + prefix, true);
    }

    private static string Character(Value value)
    {
        if (value is StringValue { Length: 1 } text)
            return text.Text;
        if (!Numbers.TryInteger(value, out BigInteger code))
            throw new TemplateError("%c requires int or char");
        return code.Sign >= 0 && code <= 0x10ffff && Rune.TryCreate((int)code, out Rune rune)
            ? rune.ToString()
            : throw new TemplateError("%c arg not in range(0x110000)");
    }

    private Value? ReadName()
    {
        if (Peek() != '(')
            return null;
        int start = ++_position;
        for (int depth = 1; depth > 0; _position++)
        {
            if (_position >= _format.Length)
                throw new TemplateError("incomplete format key");
            depth += _format[_position] switch { '(' => 1, ')' => -1, _ => 0 };
        }

        string name = _format[start..(_position - 1)];
        if (_values is not DictValue dict)
            throw new TemplateError("format requires a mapping");
        _hasNames = true;
        return dict.TryGet(new StringValue(name), out Value value) ? value : throw new TemplateError($"the format's key '{name}' is missing");
    }

    private Value NextValue()
    {
        _used++;
        if (_values is ListValue { IsTuple: true } tuple)
            return _used <= tuple.Items.Count ? tuple.Items[_used - 1] : throw new TemplateError("not enough arguments for format string");
        return _used == 1 ? _values : throw new TemplateError("not enough arguments for format string");
    }

    private int? ReadSize()
    {
        if (Peek() == '*')
        {
            _position++;
            Value size = NextValue();
            return size is IntegerValue or BooleanValue ? Numbers.ToIndex(size) : throw new TemplateError("* wants int");
        }

        string digits = ReadWhile(char.IsAsciiDigit);
        if (digits.Length == 0)
            return null;
        return int.TryParse(digits, out int number) ? number : throw new TemplateError("width too big");
    }

    private char Peek() => _position < _format.Length ? _format[_position] : '\0';

    private string ReadWhile(Func<char, bool> isPart)
    {
        int start = _position;
        while (_position < _format.Length && isPart(_format[_position]))
            _position++;
        return _format[start.._position];
    }
}
