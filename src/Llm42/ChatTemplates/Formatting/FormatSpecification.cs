using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.RegularExpressions;
using Llm42.ChatTemplates.Evaluation;
using Llm42.ChatTemplates.Values;

namespace Llm42.ChatTemplates.Formatting;

/// <summary>What is behind the colon of a format's field: [[fill]align][sign][#][0][width][grouping][.precision][type].</summary>
internal static partial class FormatSpecification
{
    public static string Apply(string specification, Value value, Budget budget)
    {
        if (specification.Length == 0)
            return PythonText.Of(value, budget);
        Match match = Pattern().Match(specification);
        if (!match.Success)
            throw new TemplateError($"Invalid format specifier '{specification}'");
        string fill = match.Groups["fill"].Success ? match.Groups["fill"].Value : " ";
        string align = match.Groups["align"].Value;
        if (match.Groups["zero"].Success && align.Length == 0)
            (fill, align) = ("0", value is StringValue ? "<" : "=");
        int width = Size(match.Groups["width"].Value);
        int? precision = match.Groups["precision"].Success ? Size(match.Groups["precision"].Value) : null;
        char type = match.Groups["type"].Success ? match.Groups["type"].Value[0] : '\0';
        if (value is StringValue text)
            return Text(text, specification, match, fill, align, width, precision, type, budget);
        if (!Numbers.IsNumber(value) || (value is BooleanValue && type == '\0'))
            throw new TemplateError($"unsupported format string passed to {value.TypeName}.__format__");

        bool isFloat = value is FloatValue || type is 'e' or 'E' or 'f' or 'F' or 'g' or 'G' or '%';
        (string digits, bool isNegative) = isFloat
            ? Float(Numbers.ToDouble(value), type, precision, match.Groups["alternate"].Success)
            : Integer(value, type, precision, match.Groups["alternate"].Success);
        if (match.Groups["group"].Success)
            digits = Group(digits, match.Groups["group"].Value, type is 'x' or 'X' or 'o' or 'b' ? 4 : 3);
        string sign = isNegative ? "-" : match.Groups["sign"].Value is "+" or " " ? match.Groups["sign"].Value : "";
        int prefix = digits.Length > 1 && digits[1] is 'x' or 'X' or 'o' or 'b' ? 2 : 0;
        return NumberFormat.Pad(sign + digits, width, align.Length == 0 ? '>' : align[0], fill, sign.Length + prefix, budget);
    }

    private static string Text(
        StringValue value, string specification, Match match, string fill, string align, int width, int? precision, char type, Budget budget)
    {
        if (type is not ('\0' or 's') || align == "=" || match.Groups["sign"].Success || match.Groups["alternate"].Success || match.Groups["group"].Success)
            throw new TemplateError($"the format specifier '{specification}' is not one for a string");
        string text = value.Text;
        if (precision is { } most && most < value.Length)
            text = text[..CodePoints.ToUnits(text, value.Length, most)];
        return NumberFormat.Pad(text, width, align.Length == 0 ? '<' : align[0], fill, 0, budget);
    }

    private static (string Digits, bool IsNegative) Integer(Value value, char type, int? precision, bool isAlternate)
    {
        Numbers.TryInteger(value, out BigInteger integer);
        if (precision is not null)
            throw new TemplateError("Precision not allowed in integer format specifier");
        if (type == 'c')
            return (Rune.TryCreate((int)BigInteger.Min(integer, int.MaxValue), out Rune rune) ? rune.ToString() : throw new TemplateError("%c arg not in range(0x110000)"), false);
        if (type is not ('\0' or 'd' or 'n' or 'x' or 'X' or 'o' or 'b'))
            throw new TemplateError($"Unknown format code '{type}' for object of type '{value.TypeName}'");
        return (NumberFormat.Integer(integer, type, isAlternate), integer.Sign < 0);
    }

    private static (string Digits, bool IsNegative) Float(double value, char type, int? precision, bool isAlternate)
    {
        bool isNegative = double.IsNegative(value) && !double.IsNaN(value);
        if (type is not ('\0' or 'e' or 'E' or 'f' or 'F' or 'g' or 'G' or 'n' or '%'))
            throw new TemplateError($"Unknown format code '{type}' for object of type 'float'");
        if (type == '%')
            return (NumberFormat.Float(value * 100, 'f', precision ?? 6, isAlternate) + "%", isNegative);
        if (type != '\0')
            return (NumberFormat.Float(value, type == 'n' ? 'g' : type, precision ?? 6, isAlternate), isNegative);
        if (precision is null)
            return (FloatText.Shortest(Math.Abs(value)), isNegative);
        // Like g, but a whole number keeps ".0", and one digit of room is kept for it.
        string text = NumberFormat.Float(value, 'g', precision.Value, isAlternate);
        if (!double.IsFinite(value) || text.AsSpan().IndexOfAny('.', 'e') >= 0)
            return (text, isNegative);
        return (text.Length < Math.Max(1, precision.Value) ? text + ".0" : FloatText.Exponential(Math.Abs(value), Math.Max(1, precision.Value) - 1) is var e ? Trimmed(e) : text, isNegative);
    }

    private static string Trimmed(string exponential)
    {
        int end = exponential.IndexOf('e', StringComparison.Ordinal);
        string mantissa = exponential[..end];
        return (mantissa.Contains('.', StringComparison.Ordinal) ? mantissa.TrimEnd('0').TrimEnd('.') : mantissa) + exponential[end..];
    }

    private static string Group(string digits, string separator, int size)
    {
        int end = 0;
        while (end < digits.Length && char.IsAsciiHexDigit(digits[end]) && !(size == 3 && !char.IsAsciiDigit(digits[end])))
            end++;
        var text = new StringBuilder();
        for (int i = 0; i < end; i++)
        {
            if (i > 0 && (end - i) % size == 0)
                text.Append(separator);
            text.Append(digits[i]);
        }

        return text.Append(digits, end, digits.Length - end).ToString();
    }

    private static int Size(string digits) => digits.Length == 0 ? 0
        : int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int size) ? size
        : throw new TemplateError("Too many decimal digits in format string");

    [GeneratedRegex(
        @"\A(?:(?<fill>[\s\S])?(?<align>[<>=^]))?(?<sign>[-+ ])?(?<alternate>#)?(?<zero>0)?(?<width>[0-9]+)?(?<group>[_,])?(?:\.(?<precision>[0-9]+))?(?<type>[a-zA-Z%])?\z",
        RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Pattern();
}
