using System.Globalization;
using System.Numerics;
using Llm42.ChatTemplates.Methods;
using Llm42.ChatTemplates.Values;

namespace Llm42.ChatTemplates.Formatting;

/// <summary>What int() and float() take from a text.</summary>
internal static class PythonNumbers
{
    public static bool TryInteger(string text, int radix, out BigInteger value)
    {
        value = default;
        ReadOnlySpan<char> digits = PythonStrings.Strip(text, null, true, true);
        if (radix is not (0 or (>= 2 and <= 36)) || digits.Length is 0 or > IntegerValue.MaximumDigits)
            return false;
        bool isNegative = digits[0] == '-';
        if (digits[0] is '-' or '+')
            digits = digits[1..];
        int prefix = digits.Length > 1 && digits[0] == '0' ? char.ToLowerInvariant(digits[1]) switch { 'x' => 16, 'o' => 8, 'b' => 2, _ => 0 } : 0;
        bool isDecimal = radix == 0 && prefix == 0;
        if (prefix != 0 && (radix == prefix || radix == 0))
        {
            digits = digits[2..];
            radix = prefix;
            if (digits.StartsWith("_"))
                digits = digits[1..];
        }

        if (isDecimal)
            radix = 10;
        if (digits.IsEmpty || digits[^1] == '_' || digits[0] == '_' || digits.IndexOf("__") >= 0)
            return false;
        // Without a radix a leading zero means nothing but zero.
        if (isDecimal && digits[0] == '0' && digits.IndexOfAnyExcept('0', '_') >= 0)
            return false;
        foreach (char c in digits)
        {
            if (c == '_')
                continue;
            int digit = char.IsAsciiDigit(c) ? c - '0' : char.IsAsciiLetter(c) ? char.ToLowerInvariant(c) - 'a' + 10 : PythonCharacters.IsDecimal(c) ? CharUnicodeInfo.GetDecimalDigitValue(c) : 99;
            if (digit >= radix)
                return false;
            value = (value * radix) + digit;
        }

        value = isNegative ? -value : value;
        return true;
    }

    public static bool TryFloat(string text, out double value)
    {
        value = 0;
        string digits = PythonStrings.Strip(text, null, true, true);
        string name = digits.TrimStart('-', '+').ToLowerInvariant();
        if (name is "inf" or "infinity" or "nan" && digits.Length - name.Length <= 1)
        {
            value = name == "nan" ? double.NaN : digits[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity;
            return true;
        }

        for (int i = 0; i < digits.Length; i++)
        {
            if (digits[i] == '_' && (i == 0 || i + 1 == digits.Length || !char.IsAsciiDigit(digits[i - 1]) || !char.IsAsciiDigit(digits[i + 1])))
                return false;
            if (!char.IsAsciiDigit(digits[i]) && digits[i] is not ('.' or 'e' or 'E' or '+' or '-' or '_'))
                return false;
        }

        return double.TryParse(
            digits.Replace("_", "", StringComparison.Ordinal), NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent,
            CultureInfo.InvariantCulture, out value);
    }
}
