using System.Numerics;

namespace Llm42.ChatTemplates.Values;

/// <summary>None, which JSON writes null.</summary>
internal sealed class NoneValue : Value
{
    private NoneValue()
    {
    }

    public static NoneValue Instance { get; } = new();

    public override string TypeName => "NoneType";

    public override bool IsTrue => false;
}

/// <summary>True and False.</summary>
internal sealed class BooleanValue : Value
{
    private BooleanValue(bool value) => Value = value;

    public static BooleanValue True { get; } = new(true);

    public static BooleanValue False { get; } = new(false);

    public bool Value { get; }

    public override string TypeName => "bool";

    public override bool IsTrue => Value;

    public static BooleanValue Of(bool value) => value ? True : False;
}

/// <summary>An integer of any size up to a limit.</summary>
internal sealed class IntegerValue : Value
{
    /// <summary>The most decimal digits that are read or written, as in Python.</summary>
    public const int MaximumDigits = 4300;

    /// <summary>Longer results are refused.</summary>
    public const long MaximumBits = 14_284;

    private static readonly IntegerValue[] Small = [.. Enumerable.Range(-16, 1041).Select(value => new IntegerValue(value))];

    private IntegerValue(BigInteger value) => Value = value;

    public BigInteger Value { get; }

    public override string TypeName => "int";

    public override bool IsTrue => !Value.IsZero;

    public static IntegerValue Of(int value) => value is >= -16 and <= 1024 ? Small[value + 16] : new IntegerValue(value);

    public static IntegerValue Of(BigInteger value)
    {
        if (value >= -16 && value <= 1024)
            return Small[(int)value + 16];
        return value.GetBitLength() <= MaximumBits
            ? new IntegerValue(value)
            : throw new TemplateError($"an integer has more than {MaximumBits} bits, which is the limit");
    }
}

/// <summary>A double-precision number.</summary>
internal sealed class FloatValue(double value) : Value
{
    public double Value => value;

    public override string TypeName => "float";

    public override bool IsTrue => value != 0;
}
