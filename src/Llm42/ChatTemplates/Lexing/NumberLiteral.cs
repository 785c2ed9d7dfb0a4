using System.Globalization;
using System.Numerics;
using Llm42.ChatTemplates.Values;

namespace Llm42.ChatTemplates.Lexing;

/// <summary>Integer and floating-point literals.</summary>
internal static class NumberLiteral
{
    /// <summary>Reads a literal that begins at a digit.</summary>
    /// <param name="source">The template.</param>
    /// <param name="start">Where it begins.</param>
    /// <param name="end">Behind its last character.</param>
    public static Value Read(string source, int start, out int end)
    {
        // Behind a dot a number is an index, as in a.0.1, and never a fraction.
        if ((start == 0 || source[start - 1] != '.') && TryFloat(source, start, out end))
            return new FloatValue(double.Parse(Digits(source, start, end), NumberStyles.Float, CultureInfo.InvariantCulture));

        int radix = source[start] != '0' || start + 1 >= source.Length ? 10 : char.ToLowerInvariant(source[start + 1]) switch
        {
            'x' => 16,
            'o' => 8,
            'b' => 2,
            _ => 10,
        };
        if (radix != 10 && (end = Run(source, start + 2, radix, mayBeginWithUnderscore: true)) > start + 2)
            return Integer(Digits(source, start + 2, end), radix, start);
        end = source[start] == '0' ? Run(source, start, 1, false) : Run(source, start, 10, false);
        return Integer(Digits(source, start, end), 10, start);
    }

    private static IntegerValue Integer(string digits, int radix, int position)
    {
        if (digits.Length > IntegerValue.MaximumDigits)
            throw new TemplateError($"an integer has {digits.Length} digits; at most {IntegerValue.MaximumDigits} are read", position: position);
        BigInteger value = BigInteger.Zero;
        if (radix == 10)
            return IntegerValue.Of(BigInteger.Parse(digits, CultureInfo.InvariantCulture));
        foreach (char digit in digits)
            value = (value * radix) + (char.IsAsciiDigit(digit) ? digit - '0' : char.ToLowerInvariant(digit) - 'a' + 10);
        return IntegerValue.Of(value);
    }

    /// <summary>Digits, a fraction, an exponent: at least one of the last two.</summary>
    private static bool TryFloat(string source, int start, out int end)
    {
        end = Run(source, start, 10, false);
        bool hasFraction = end + 1 < source.Length && source[end] == '.' && char.IsAsciiDigit(source[end + 1]);
        if (hasFraction)
            end = Run(source, end + 1, 10, false);
        if (end < source.Length && source[end] is 'e' or 'E')
        {
            int exponent = end + 1;
            if (exponent < source.Length && source[exponent] is '+' or '-')
                exponent++;
            if (exponent < source.Length && char.IsAsciiDigit(source[exponent]))
            {
                end = Run(source, exponent, 10, false);
                return true;
            }
        }

        return hasFraction;
    }

    /// <summary>The end of a run of digits with single underscores between them.</summary>
    private static int Run(string source, int start, int radix, bool mayBeginWithUnderscore)
    {
        int end = start;
        while (true)
        {
            int digit = end + 1 < source.Length && source[end] == '_' && (end > start || mayBeginWithUnderscore) ? end + 1 : end;
            if (digit >= source.Length || !IsDigit(source[digit], radix))
                return end;
            end = digit + 1;
        }
    }

    private static bool IsDigit(char c, int radix) => radix switch
    {
        16 => char.IsAsciiHexDigit(c),
        _ => c >= '0' && c < '0' + radix,
    };

    private static string Digits(string source, int start, int end) => source[start..end].Replace("_", "", StringComparison.Ordinal);
}
