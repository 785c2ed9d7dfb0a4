using System.Globalization;
using System.Numerics;
using Llm42.ChatTemplates.Values;

namespace Llm42.ChatTemplates.Formatting;

/// <summary>Doubles as text: the shortest digits that read back, or digits of the exact value rounded half to even.</summary>
internal static class FloatText
{
    /// <summary>The most digits behind the point that are written.</summary>
    public const int MaximumPrecision = 1100;

    /// <summary>repr(): the shortest text that reads back to the same double.</summary>
    public static string Shortest(double value)
    {
        if (!double.IsFinite(value))
            return NotFinite(value);
        (string digits, int exponent) = Decompose(Math.Abs(value).ToString("R", CultureInfo.InvariantCulture));
        string sign = double.IsNegative(value) ? "-" : "";
        if (exponent is < -4 or >= 16)
            return sign + WithExponent(digits, exponent);
        if (exponent < 0)
            return sign + "0." + new string('0', -exponent - 1) + digits;
        return digits.Length <= exponent + 1
            ? sign + digits + new string('0', exponent + 1 - digits.Length) + ".0"
            : sign + digits[..(exponent + 1)] + "." + digits[(exponent + 1)..];
    }

    /// <summary>%f: so many digits behind the point.</summary>
    public static string Fixed(double value, int precision, bool keepPoint = false)
    {
        CheckPrecision(precision);
        if (!double.IsFinite(value))
            return NotFinite(value);
        string digits = Scaled(value, precision).ToString(CultureInfo.InvariantCulture).PadLeft(precision + 1, '0');
        string whole = digits[..^precision];
        string sign = double.IsNegative(value) ? "-" : "";
        return precision == 0 ? sign + whole + (keepPoint ? "." : "") : $"{sign}{whole}.{digits[^precision..]}";
    }

    /// <summary>%e: one digit before the point and so many behind it.</summary>
    public static string Exponential(double value, int precision, bool keepPoint = false)
    {
        CheckPrecision(precision);
        if (!double.IsFinite(value))
            return NotFinite(value);
        (string digits, int exponent) = Significant(value, precision + 1);
        string mantissa = precision > 0 ? $"{digits[0]}.{digits[1..]}" : digits + (keepPoint ? "." : "");
        return $"{(double.IsNegative(value) ? "-" : "")}{mantissa}{Exponent(exponent)}";
    }

    /// <summary>%g: so many significant digits, in whichever way is shorter.</summary>
    public static string General(double value, int precision, bool keepZeros = false)
    {
        CheckPrecision(precision);
        if (!double.IsFinite(value))
            return NotFinite(value);
        precision = Math.Max(1, precision);
        (_, int exponent) = Significant(value, precision);
        string text = exponent >= -4 && exponent < precision
            ? Fixed(value, precision - 1 - exponent, keepZeros)
            : Exponential(value, precision - 1, keepZeros);
        if (keepZeros)
            return text;
        int end = text.IndexOf('e', StringComparison.Ordinal);
        string mantissa = end < 0 ? text : text[..end];
        if (mantissa.Contains('.', StringComparison.Ordinal))
            mantissa = mantissa.TrimEnd('0').TrimEnd('.');
        return end < 0 ? mantissa : mantissa + text[end..];
    }

    /// <summary>round(value, digits), where digits may be negative.</summary>
    public static double Round(double value, int digits)
    {
        if (!double.IsFinite(value) || value == 0 || digits > 323)
            return value;
        if (digits < -308)
            return Math.CopySign(0, value);
        BigInteger scaled = Scaled(value, digits);
        double rounded = double.Parse($"{scaled}E{-digits}", NumberStyles.Float, CultureInfo.InvariantCulture);
        if (double.IsInfinity(rounded))
            throw new TemplateError("rounded value too large to represent");
        return double.IsNegative(value) ? -rounded : rounded;
    }

    public static string NotFinite(double value) => double.IsNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";

    private static void CheckPrecision(int precision)
    {
        if (precision > MaximumPrecision)
            throw new TemplateError($"a number with {precision} digits behind its point is asked for; {MaximumPrecision} is the limit");
    }

    private static (string Digits, int Exponent) Decompose(string text)
    {
        int end = text.IndexOf('E', StringComparison.Ordinal);
        int exponent = end < 0 ? 0 : int.Parse(text.AsSpan(end + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        string mantissa = end < 0 ? text : text[..end];
        int point = mantissa.IndexOf('.', StringComparison.Ordinal);
        string digits = point < 0 ? mantissa : mantissa.Remove(point, 1);
        exponent += (point < 0 ? mantissa.Length : point) - 1;
        string significant = digits.TrimStart('0');
        if (significant.Length == 0)
            return ("0", 0);
        exponent -= digits.Length - significant.Length;
        significant = significant.TrimEnd('0');
        return (significant.Length == 0 ? "0" : significant, exponent);
    }

    private static string WithExponent(string digits, int exponent) =>
        (digits.Length == 1 ? digits : $"{digits[0]}.{digits[1..]}") + Exponent(exponent);

    private static string Exponent(int exponent) => string.Create(CultureInfo.InvariantCulture, $"e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}");

    /// <summary>|value| × 10^digits, rounded half to even.</summary>
    private static BigInteger Scaled(double value, int digits)
    {
        long bits = BitConverter.DoubleToInt64Bits(value);
        int biased = (int)((bits >> 52) & 0x7ff);
        BigInteger numerator = (bits & 0xfffffffffffff) | (biased == 0 ? 0 : 1L << 52);
        int exponent = Math.Max(biased, 1) - 1075;
        BigInteger denominator = BigInteger.One;
        if (exponent >= 0)
            numerator <<= exponent;
        else
            denominator <<= -exponent;
        if (digits >= 0)
            numerator *= BigInteger.Pow(10, digits);
        else
            denominator *= BigInteger.Pow(10, -digits);
        return RoundHalfEven(numerator, denominator);
    }

    public static BigInteger RoundHalfEven(BigInteger numerator, BigInteger denominator)
    {
        BigInteger quotient = BigInteger.DivRem(numerator, denominator, out BigInteger rest);
        int side = (rest * 2).CompareTo(denominator);
        return side > 0 || (side == 0 && !quotient.IsEven) ? quotient + 1 : quotient;
    }

    /// <summary>So many significant digits, and the power of ten of the first.</summary>
    private static (string Digits, int Exponent) Significant(double value, int count)
    {
        if (value == 0)
            return (new string('0', count), 0);
        (_, int exponent) = Decompose(Math.Abs(value).ToString("R", CultureInfo.InvariantCulture));
        string digits = Scaled(value, count - 1 - exponent).ToString(CultureInfo.InvariantCulture);
        // Rounding up may have made a digit more.
        return digits.Length > count ? (digits[..count], exponent + 1) : (digits, exponent);
    }
}
