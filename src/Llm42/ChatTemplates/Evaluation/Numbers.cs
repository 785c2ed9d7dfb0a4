using System.Numerics;
using Llm42.ChatTemplates.Values;

namespace Llm42.ChatTemplates.Evaluation;

/// <summary>Python's arithmetic over integers, floats and truth values.</summary>
internal static class Numbers
{
    /// <summary>An integer, or a truth value as 0 or 1.</summary>
    public static bool TryInteger(Value value, out BigInteger integer)
    {
        integer = value switch
        {
            IntegerValue number => number.Value,
            BooleanValue boolean => boolean.Value ? BigInteger.One : BigInteger.Zero,
            _ => default,
        };
        return value is IntegerValue or BooleanValue;
    }

    public static bool IsNumber(Value value) => value is IntegerValue or BooleanValue or FloatValue;

    /// <summary>A number as a double; an integer beyond its range is an error.</summary>
    public static double ToDouble(Value value)
    {
        if (value is FloatValue number)
            return number.Value;
        double converted = TryInteger(value, out BigInteger integer) ? Rounded(integer) : throw value.TypeError("is no number");
        return double.IsFinite(converted) ? converted : throw new TemplateError("int too large to convert to float");
    }

    /// <summary>An integer argument that must fit 32 bits once it is cut to them, as indices and widths do.</summary>
    public static int ToIndex(Value value)
    {
        if (value is UndefinedValue undefined)
            throw undefined.Error();
        if (!TryInteger(value, out BigInteger integer))
            throw value.TypeError("cannot be interpreted as an integer");
        return integer > int.MaxValue ? int.MaxValue : integer < -int.MaxValue ? -int.MaxValue : (int)integer;
    }

    /// <summary>Compares numbers exactly, whatever their types; false where one of the values is no number.</summary>
    public static bool TryCompare(Value left, Value right, out int? order)
    {
        order = null;
        bool isLeftInteger = TryInteger(left, out BigInteger a);
        bool isRightInteger = TryInteger(right, out BigInteger b);
        if (isLeftInteger && isRightInteger)
            order = a.CompareTo(b);
        else if (isLeftInteger && right is FloatValue y)
            order = -CompareExactly(y.Value, a);
        else if (left is FloatValue x && isRightInteger)
            order = CompareExactly(x.Value, b);
        else if (left is FloatValue u && right is FloatValue v)
            order = double.IsNaN(u.Value) || double.IsNaN(v.Value) ? null : u.Value.CompareTo(v.Value);
        else
            return false;
        return true;
    }

    public static Value Add(Value left, Value right) => Combine("+", left, right, BigInteger.Add, (a, b) => a + b);

    public static Value Subtract(Value left, Value right) => Combine("-", left, right, BigInteger.Subtract, (a, b) => a - b);

    public static Value Multiply(Value left, Value right) => Combine("*", left, right, BigInteger.Multiply, (a, b) => a * b);

    public static Value Divide(Value left, Value right)
    {
        RequireNumbers("/", left, right);
        if (!right.IsTrue)
            throw new TemplateError("division by zero");
        return new FloatValue(TryInteger(left, out BigInteger a) && TryInteger(right, out BigInteger b) ? Quotient(a, b) : ToDouble(left) / ToDouble(right));
    }

    public static Value FloorDivide(Value left, Value right)
    {
        RequireNumbers("//", left, right);
        if (!right.IsTrue)
            throw new TemplateError("integer division or modulo by zero");
        if (TryInteger(left, out BigInteger a) && TryInteger(right, out BigInteger b))
        {
            BigInteger quotient = BigInteger.DivRem(a, b, out BigInteger rest);
            return IntegerValue.Of(!rest.IsZero && rest.Sign != b.Sign ? quotient - 1 : quotient);
        }

        return new FloatValue(FloorAndModulo(ToDouble(left), ToDouble(right)).Floor);
    }

    public static Value Modulo(Value left, Value right)
    {
        RequireNumbers("%", left, right);
        if (!right.IsTrue)
            throw new TemplateError("integer division or modulo by zero");
        if (TryInteger(left, out BigInteger a) && TryInteger(right, out BigInteger b))
        {
            BigInteger rest = BigInteger.Remainder(a, b);
            return IntegerValue.Of(!rest.IsZero && rest.Sign != b.Sign ? rest + b : rest);
        }

        return new FloatValue(FloorAndModulo(ToDouble(left), ToDouble(right)).Modulo);
    }

    public static Value Power(Value left, Value right)
    {
        RequireNumbers("**", left, right);
        if (TryInteger(left, out BigInteger a) && TryInteger(right, out BigInteger b) && b.Sign >= 0)
            return IntegerValue.Of(IntegerPower(a, b));

        double power = ToDouble(right);
        double basis = ToDouble(left);
        if (basis == 0 && power < 0)
            throw new TemplateError("0.0 cannot be raised to a negative power");
        if (basis < 0 && double.IsFinite(basis) && double.IsFinite(power) && power != Math.Floor(power))
            throw new TemplateError("a negative number to a fractional power is complex, which is not supported");
        double result = Math.Pow(basis, power);
        return double.IsFinite(result) || !double.IsFinite(basis) || !double.IsFinite(power)
            ? new FloatValue(result)
            : throw new TemplateError("Numerical result out of range");
    }

    /// <summary>What int() makes of a double.</summary>
    public static BigInteger Truncate(double value) => double.IsNaN(value)
        ? throw new TemplateError("cannot convert float NaN to integer")
        : double.IsInfinity(value) ? throw new TemplateError("cannot convert float infinity to integer") : new BigInteger(value);

    private static BigInteger IntegerPower(BigInteger basis, BigInteger power)
    {
        if (power.IsZero || basis.IsOne)
            return 1;
        if (basis.IsZero)
            return 0;
        if (basis == BigInteger.MinusOne)
            return power.IsEven ? 1 : -1;
        return power * (basis.GetBitLength() - 1) <= IntegerValue.MaximumBits
            ? BigInteger.Pow(basis, (int)power)
            : throw new TemplateError($"an integer has more than {IntegerValue.MaximumBits} bits, which is the limit");
    }

    private static Value Combine(
        string symbol, Value left, Value right, Func<BigInteger, BigInteger, BigInteger> integers, Func<double, double, double> floats)
    {
        RequireNumbers(symbol, left, right);
        return TryInteger(left, out BigInteger a) && TryInteger(right, out BigInteger b)
            ? IntegerValue.Of(integers(a, b))
            : new FloatValue(floats(ToDouble(left), ToDouble(right)));
    }

    private static void RequireNumbers(string symbol, Value left, Value right)
    {
        if ((left as UndefinedValue ?? right as UndefinedValue) is { } undefined)
            throw undefined.Error();
        if (!IsNumber(left) || !IsNumber(right))
            throw new TemplateError($"unsupported operand type(s) for {symbol}: '{left.TypeName}' and '{right.TypeName}'");
    }

    private static int CompareExactly(double left, BigInteger right)
    {
        if (!double.IsFinite(left))
            return left > 0 ? 1 : -1;
        double whole = Math.Floor(left);
        int order = new BigInteger(whole).CompareTo(right);
        return order != 0 ? order : left > whole ? 1 : 0;
    }

    /// <summary>The quotient of two integers, rounded once.</summary>
    private static double Quotient(BigInteger dividend, BigInteger divisor)
    {
        const long Exact = 1L << 53;
        if (BigInteger.Abs(dividend) <= Exact && BigInteger.Abs(divisor) <= Exact)
            return (double)dividend / (double)divisor;
        // Two bits more than a double holds, and a sticky bit for the rest.
        int shift = (int)(divisor.GetBitLength() - dividend.GetBitLength()) + 66;
        BigInteger a = BigInteger.Abs(dividend);
        BigInteger b = BigInteger.Abs(divisor);
        BigInteger quotient = shift >= 0 ? BigInteger.DivRem(a << shift, b, out BigInteger rest) : BigInteger.DivRem(a, b << -shift, out rest);
        if (!rest.IsZero)
            quotient |= BigInteger.One;
        double scaled = Math.ScaleB(Rounded(quotient), -shift);
        if (double.IsInfinity(scaled))
            throw new TemplateError("integer division result too large for a float");
        return dividend.Sign * divisor.Sign < 0 ? -scaled : scaled;
    }

    /// <summary>The nearest double, ties to even; the library's conversion cuts.</summary>
    private static double Rounded(BigInteger value)
    {
        BigInteger magnitude = BigInteger.Abs(value);
        int excess = (int)magnitude.GetBitLength() - 53;
        if (excess <= 0)
            return (double)value;
        BigInteger kept = magnitude >> excess;
        BigInteger rest = magnitude - (kept << excess);
        BigInteger half = BigInteger.One << (excess - 1);
        if (rest > half || (rest == half && !kept.IsEven))
            kept += 1;
        double rounded = Math.ScaleB((double)kept, excess);
        return value.Sign < 0 ? -rounded : rounded;
    }

    private static (double Floor, double Modulo) FloorAndModulo(double left, double right)
    {
        double modulo = left % right;
        double quotient = (left - modulo) / right;
        if (modulo != 0)
        {
            if (right < 0 != modulo < 0)
            {
                modulo += right;
                quotient -= 1;
            }
        }
        else
        {
            modulo = Math.CopySign(0, right);
        }

        if (quotient == 0)
            return (Math.CopySign(0, left / right), modulo);
        double floor = Math.Floor(quotient);
        return (quotient - floor > 0.5 ? floor + 1 : floor, modulo);
    }
}
