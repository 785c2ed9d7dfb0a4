using System.Numerics;
using Llm42.ChatTemplates.Evaluation;
using Llm42.ChatTemplates.Values;

namespace Llm42.ChatTemplates.Methods;

/// <summary>The methods and attributes of numbers.</summary>
internal static class NumberMethods
{
    public static Value? Find(Value self, string name) => (name, self) switch
    {
        ("real", FloatValue) => self,
        ("imag", FloatValue) => new FloatValue(0),
        ("is_integer", FloatValue number) => new FunctionValue(name, _ => BooleanValue.Of(double.IsFinite(number.Value) && number.Value == Math.Floor(number.Value))),
        ("real" or "numerator", not FloatValue) => Whole(self),
        ("imag", not FloatValue) => IntegerValue.Of(0),
        ("denominator", not FloatValue) => IntegerValue.Of(1),
        ("bit_length", not FloatValue) => new FunctionValue(name, _ => IntegerValue.Of((int)BigInteger.Abs(Whole(self).Value).GetBitLength())),
        ("conjugate" or "as_integer_ratio" or "hex" or "fromhex" or "to_bytes" or "from_bytes" or "bit_count", _) =>
            throw new TemplateError($"the method '{name}' of numbers is not supported"),
        _ => null,
    };

    private static IntegerValue Whole(Value self) => Numbers.TryInteger(self, out BigInteger value) ? IntegerValue.Of(value) : IntegerValue.Of(0);
}
