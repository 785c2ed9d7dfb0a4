using System.Globalization;
using System.Numerics;
using Llm42.ChatTemplates.Evaluation;
using Llm42.ChatTemplates.Values;

namespace Llm42.ChatTemplates.Formatting;

/// <summary>Numbers in the ways that % and format() ask for, without sign and padding.</summary>
internal static class NumberFormat
{
    /// <summary>The digits of an integer's magnitude: d, x, X, o, b.</summary>
    public static string Integer(BigInteger value, char type, bool withPrefix)
    {
        BigInteger magnitude = BigInteger.Abs(value);
        return type switch
        {
            'x' => (withPrefix ? "0x" : "") + Radix(magnitude, 16),
            'X' => (withPrefix ? "0X" : "") + Radix(magnitude, 16).ToUpperInvariant(),
            'o' => (withPrefix ? "0o" : "") + Radix(magnitude, 8),
            'b' => (withPrefix ? "0b" : "") + Radix(magnitude, 2),
            _ => magnitude.ToString(CultureInfo.InvariantCulture),
        };
    }

    /// <summary>A float's magnitude: e, E, f, F, g, G.</summary>
    public static string Float(double value, char type, int precision, bool isAlternate)
    {
        double magnitude = Math.Abs(value);
        string text = char.ToLowerInvariant(type) switch
        {
            'e' => FloatText.Exponential(magnitude, precision, isAlternate),
            'g' => FloatText.General(magnitude, precision, isAlternate),
            _ => FloatText.Fixed(magnitude, precision, isAlternate),
        };
        return char.IsAsciiLetterUpper(type) ? text.ToUpperInvariant() : text;
    }

    /// <summary>Puts fill characters around a text.</summary>
    public static string Pad(string text, int width, char align, string fill, int signLength, Budget budget)
    {
        int missing = width - CodePoints.Count(text);
        if (missing <= 0)
            return text;
        budget.AllocateText(width);
        (int left, int right, int middle) = align switch
        {
            '<' => (0, missing, 0),
            '^' => (missing / 2, missing - (missing / 2), 0),
            '=' => (0, 0, missing),
            _ => (missing, 0, 0),
        };
        return Repeat(fill, left) + text[..signLength] + Repeat(fill, middle) + text[signLength..] + Repeat(fill, right);
    }

    private static string Repeat(string fill, int count) => fill.Length == 1 ? new string(fill[0], count) : string.Concat(Enumerable.Repeat(fill, count));

    private static string Radix(BigInteger magnitude, int radix)
    {
        if (magnitude.IsZero)
            return "0";
        var digits = new Stack<char>();
        for (; !magnitude.IsZero; magnitude /= radix)
            digits.Push("0123456789abcdef"[(int)(magnitude % radix)]);
        return new string([.. digits]);
    }
}
