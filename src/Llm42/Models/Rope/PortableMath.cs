namespace Llm42.Models.Rope;

/// <summary>
/// Elementary functions in double precision from basic IEEE 754 operations alone, so that their bits do not depend on
/// the C library of the machine. Accurate to a few units in the last place.
/// </summary>
internal static class PortableMath
{
    // Each constant as the nearest double and the nearest double to what that leaves out.
    private const double Ln2 = 0.6931471805599453;
    private const double Ln2Rest = 2.3190468138462996e-17;
    private const double HalfPi = 1.5707963267948966;
    private const double HalfPiRest = 6.123233995736766e-17;

    // 1/0!, 1/1!, -1/2!, -1/3!, 1/4! and so on; the factorials up to 19! are exact, so each is rounded once.
    private static readonly double[] AlternatingInverseFactorials = MakeAlternatingInverseFactorials(19);

    private const double MaxAngle = 1 << 30;
    private const int MantissaBits = 52;
    private const int ExponentBias = 1023;

    /// <summary>x to the power of y, for normal x above 0 and results that are normal numbers.</summary>
    public static double Pow(double x, double y) => Exp(y * Log(x));

    /// <summary>e to the power of x, for |x| up to 700.</summary>
    public static double Exp(double x)
    {
        if (!(Math.Abs(x) <= 700))
            throw new ArgumentOutOfRangeException(nameof(x), x, "must be -700..700");
        var k = Math.Floor((x / Ln2) + 0.5);
        var r = Math.FusedMultiplyAdd(-k, Ln2Rest, Math.FusedMultiplyAdd(-k, Ln2, x));

        // Taylor; |r| <= ln 2 / 2, so that the terms left out are below 2^-60.
        var sum = 1.0;
        for (var n = 14; n >= 1; n--)
            sum = Math.FusedMultiplyAdd(sum, r / n, 1.0);
        return sum * BitConverter.Int64BitsToDouble(((long)k + ExponentBias) << MantissaBits);
    }

    /// <summary>Natural logarithm of a normal number above 0.</summary>
    public static double Log(double x)
    {
        if (!double.IsNormal(x) || x < 0)
            throw new ArgumentOutOfRangeException(nameof(x), x, "must be a normal number above 0");
        var bits = BitConverter.DoubleToInt64Bits(x);
        var exponent = (bits >> MantissaBits) - ExponentBias;
        var m = BitConverter.Int64BitsToDouble(
            (bits & ((1L << MantissaBits) - 1)) | ((long)ExponentBias << MantissaBits));
        if (m > 1.4142135623730951)
        {
            m /= 2;
            exponent++;
        }

        // log m = 2 atanh s; |s| <= 0.172, so that the terms left out are below 2^-60.
        var s = (m - 1) / (m + 1);
        var square = s * s;
        var sum = 0.0;
        for (var n = 23; n >= 3; n -= 2)
            sum = (sum + (1.0 / n)) * square;
        var log = Math.FusedMultiplyAdd(2 * s, sum, 2 * s);
        return Math.FusedMultiplyAdd(exponent, Ln2, Math.FusedMultiplyAdd(exponent, Ln2Rest, log));
    }

    /// <summary>Sine and cosine of an angle in radians, 0..2^30.</summary>
    public static (double Sin, double Cos) SinCos(double angle)
    {
        if (!(angle >= 0 && angle <= MaxAngle))
            throw new ArgumentOutOfRangeException(nameof(angle), angle, $"must be 0..{MaxAngle}");
        var quadrant = Math.Floor((angle / HalfPi) + 0.5);
        var r = Math.FusedMultiplyAdd(
            -quadrant, HalfPiRest, Math.FusedMultiplyAdd(-quadrant, HalfPi, angle));

        // Taylor; |r| <= pi / 4, so that the terms left out are below 2^-60.
        var square = r * r;
        double sin = 0, cos = 0;
        for (var n = 18; n >= 0; n -= 2)
        {
            cos = Math.FusedMultiplyAdd(cos, square, AlternatingInverseFactorials[n]);
            sin = Math.FusedMultiplyAdd(sin, square, AlternatingInverseFactorials[n + 1]);
        }
        sin *= r;
        return ((long)quadrant & 3) switch
        {
            0 => (sin, cos),
            1 => (cos, -sin),
            2 => (-sin, -cos),
            _ => (-cos, sin),
        };
    }

    private static double[] MakeAlternatingInverseFactorials(int last)
    {
        var inverses = new double[last + 1];
        var factorial = 1.0;
        for (var n = 0; n <= last; n++)
        {
            factorial *= Math.Max(n, 1);
            inverses[n] = (n & 2) == 0 ? 1 / factorial : -1 / factorial;
        }
        return inverses;
    }
}
