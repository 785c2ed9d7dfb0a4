using System.Text;
using System.Text.Json;

namespace Llm42.StructuredOutput.Grammars;

/// <summary>The parts of JSON text. Behind a colon or a comma may stand one space; there is no other white space.</summary>
internal static class JsonGrammar
{
    /// <summary>Most digits of an integer: any of them fits into 64 bits.</summary>
    public const int MaxIntegerDigits = 18;

    private const int MaxFractionDigits = 16;

    private static readonly ByteSet Digit = ByteSet.Range('0', '9');
    private static readonly ByteSet Hexadecimal = Digit | ByteSet.Range('a', 'f') | ByteSet.Range('A', 'F');

    /// <summary>What stands for itself in a string.</summary>
    public static IReadOnlyList<(int First, int Last)> PlainCharacters { get; } =
        [(0x20, 0x21), (0x23, 0x5B), (0x5D, 0x10FFFF)];

    public static int Colon(GrammarBuilder builder, int next) => Spaced(builder, (byte)':', next);

    public static int Comma(GrammarBuilder builder, int next) => Spaced(builder, (byte)',', next);

    /// <summary>A string of so many characters, escapes counting as what they stand for; -1 for any number.</summary>
    public static int String(GrammarBuilder builder, int minimum, int maximum, int next)
    {
        var content = minimum == 0 && maximum < 0
            ? builder.Use("string", end => builder.Loop(rest => Character(builder, rest), builder.Literal("\"", end)), next)
            : RepeatCharacter(builder, minimum, maximum, builder.Literal("\"", next));
        return builder.Literal("\"", content);
    }

    /// <summary>The rest of a string without escapes, its quotation mark included.</summary>
    public static int PlainRest(GrammarBuilder builder, int next) => builder.Use(
        "plain rest",
        end => builder.Loop(rest => builder.CodePoints(PlainCharacters, rest), builder.Literal("\"", end)),
        next);

    /// <summary>One character of a string in any of its spellings; no half of a pair.</summary>
    public static int Character(GrammarBuilder builder, int next)
    {
        var one = builder.Take(Hexadecimal, next);
        var two = builder.Take(Hexadecimal, one);
        var three = builder.Take(Hexadecimal, two);
        var low = builder.Literal("\\u", builder.Take(
            ByteSet.Of((byte)'d') | ByteSet.Of((byte)'D'),
            builder.Take(ByteSet.Range('c', 'f') | ByteSet.Range('C', 'F'), two)));
        var d = builder.Split(
            builder.Take(ByteSet.Range('0', '7'), two),
            builder.Take(
                ByteSet.Range('8', '9') | ByteSet.Range('a', 'b') | ByteSet.Range('A', 'B'),
                builder.Take(Hexadecimal, builder.Take(Hexadecimal, low))));
        var unit = builder.Split(
            builder.Take(
                Digit | ByteSet.Range('a', 'c') | ByteSet.Range('A', 'C') | ByteSet.Range('e', 'f') | ByteSet.Range('E', 'F'), three),
            builder.Take(ByteSet.Of((byte)'d') | ByteSet.Of((byte)'D'), d));
        var simple = default(ByteSet);
        foreach (var letter in "\"\\/bfnrt"u8)
            simple |= ByteSet.Of(letter);
        return builder.Split(
            builder.CodePoints(PlainCharacters, next),
            builder.Literal("\\", builder.Split(builder.Take(simple, next), builder.Literal("u", unit))));
    }

    /// <summary>One of the characters in the spelling that <see cref="Quote"/> gives it.</summary>
    public static int QuotedCharacter(GrammarBuilder builder, IReadOnlyList<(int First, int Last)> ranges, int next)
    {
        var targets = new List<int>();
        var plain = new List<(int First, int Last)>();
        foreach (var (first, last) in ranges)
        {
            foreach (var (from, to) in PlainCharacters)
            {
                if (Math.Max(first, from) <= Math.Min(last, to))
                    plain.Add((Math.Max(first, from), Math.Min(last, to)));
            }
            foreach (var special in Enumerable.Range(0, 0x20).Append('"').Append('\\'))
            {
                if (special >= first && special <= last)
                    targets.Add(builder.Literal(Quote(((char)special).ToString())[1..^1], next));
            }
        }
        targets.Add(builder.CodePoints(plain, next));
        return builder.Split(targets);
    }

    /// <summary>A number: at most 18 digits before the point, 16 behind it, and 2 in the exponent.</summary>
    public static int Number(GrammarBuilder builder, int next)
    {
        var exponentDigits = builder.Take(Digit, builder.Optional(builder.Take(Digit, next), next));
        var exponent = builder.Take(
            ByteSet.Of((byte)'e') | ByteSet.Of((byte)'E'),
            builder.Split(exponentDigits, builder.Take(ByteSet.Of((byte)'+') | ByteSet.Of((byte)'-'), exponentDigits)));
        var behind = builder.Split(next, exponent);
        var fraction = behind;
        for (var i = 0; i < MaxFractionDigits; i++)
            fraction = i == 0 ? builder.Take(Digit, behind) : builder.Take(Digit, builder.Split(behind, fraction));
        var whole = builder.Split(behind, builder.Literal(".", fraction));
        return Signed(builder, UpToDigits(builder, MaxIntegerDigits, whole));
    }

    /// <summary>An integer between two bounds, both included.</summary>
    public static int Integer(GrammarBuilder builder, long minimum, long maximum, int next)
    {
        if (minimum == -MaxInteger && maximum == MaxInteger)
            return Signed(builder, UpToDigits(builder, MaxIntegerDigits, next));
        var targets = new List<int>();
        if (minimum < 0)
        {
            // -0 is no integer that anybody means.
            var smallest = maximum < 0 ? -(Int128)maximum : 1;
            targets.Add(builder.Literal("-", Natural(builder, smallest, -(Int128)minimum, next)));
        }
        if (maximum >= 0)
            targets.Add(Natural(builder, Math.Max(minimum, 0), maximum, next));
        return builder.Split(targets);
    }

    /// <summary>The largest integer without a bound of its own.</summary>
    public const long MaxInteger = 999_999_999_999_999_999;

    /// <summary>A JSON value as text without white space, each string in the spelling of <see cref="Quote"/>.</summary>
    public static string Canonical(JsonElement value)
    {
        var text = new StringBuilder();
        Append(text, value);
        return text.ToString();
    }

    /// <summary>A string as JSON: escaped where it must be, and nowhere else.</summary>
    public static string Quote(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var character in text)
        {
            _ = character switch
            {
                '"' => quoted.Append("\\\""),
                '\\' => quoted.Append("\\\\"),
                '\n' => quoted.Append("\\n"),
                '\r' => quoted.Append("\\r"),
                '\t' => quoted.Append("\\t"),
                '\b' => quoted.Append("\\b"),
                '\f' => quoted.Append("\\f"),
                < ' ' => quoted.Append($"\\u{(int)character:x4}"),
                _ => quoted.Append(character),
            };
        }
        return quoted.Append('"').ToString();
    }

    private static int RepeatCharacter(GrammarBuilder builder, int minimum, int maximum, int next)
    {
        var character = builder.Rule("character", end => Character(builder, end));
        return builder.Repeat(character, character, minimum, maximum, next);
    }

    private static int Spaced(GrammarBuilder builder, byte separator, int next) =>
        builder.Take(ByteSet.Of(separator), builder.Optional(builder.Literal(" ", next), next));

    private static int Signed(GrammarBuilder builder, int number) => builder.Split(number, builder.Literal("-", number));

    /// <summary>0, or up to so many digits of which the first is not 0.</summary>
    private static int UpToDigits(GrammarBuilder builder, int count, int next)
    {
        var rest = next;
        for (var i = 1; i < count; i++)
            rest = builder.Split(next, builder.Take(Digit, rest));
        return builder.Split(builder.Literal("0", next), builder.Take(ByteSet.Range('1', '9'), rest));
    }

    private static int Natural(GrammarBuilder builder, Int128 minimum, Int128 maximum, int next)
    {
        if (minimum > maximum)
            return builder.Nothing;
        var targets = new List<int>();

        // As many digits at a time as the bounds agree in.
        for (Int128 low = minimum; low <= maximum;)
        {
            var digits = low.ToString(System.Globalization.CultureInfo.InvariantCulture);
            var highest = Int128.Parse(new string('9', digits.Length), System.Globalization.CultureInfo.InvariantCulture);
            var high = Int128.Min(highest, maximum);
            targets.Add(SameLength(builder, digits, high.ToString(System.Globalization.CultureInfo.InvariantCulture), next));
            low = high + 1;
        }
        return builder.Split(targets);
    }

    /// <summary>The numbers between two of as many digits.</summary>
    private static int SameLength(GrammarBuilder builder, ReadOnlySpan<char> low, ReadOnlySpan<char> high, int next)
    {
        if (low.IsEmpty)
            return next;
        var rest = low.Length - 1;
        if (low[1..].IndexOfAnyExcept('0') < 0 && high[1..].IndexOfAnyExcept('9') < 0)
            return builder.Take(ByteSet.Range(low[0], high[0]), AnyDigits(builder, rest, next));
        if (low[0] == high[0])
            return builder.Take(ByteSet.Of((byte)low[0]), SameLength(builder, low[1..], high[1..], next));
        var targets = new List<int>
        {
            builder.Take(ByteSet.Of((byte)low[0]), SameLength(builder, low[1..], new string('9', rest), next)),
            builder.Take(ByteSet.Of((byte)high[0]), SameLength(builder, new string('0', rest), high[1..], next)),
        };
        if (high[0] - low[0] > 1)
            targets.Add(builder.Take(ByteSet.Range(low[0] + 1, high[0] - 1), AnyDigits(builder, rest, next)));
        return builder.Split(targets);
    }

    private static int AnyDigits(GrammarBuilder builder, int count, int next)
    {
        for (var i = 0; i < count; i++)
            next = builder.Take(Digit, next);
        return next;
    }

    private static void Append(StringBuilder text, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                text.Append(Quote(value.GetString()!));
                break;
            case JsonValueKind.Array:
                text.Append('[');
                foreach (var (i, item) in value.EnumerateArray().Index())
                    Append(i == 0 ? text : text.Append(','), item);
                text.Append(']');
                break;
            case JsonValueKind.Object:
                text.Append('{');
                foreach (var (i, property) in value.EnumerateObject().Index())
                {
                    (i == 0 ? text : text.Append(',')).Append(Quote(property.Name)).Append(':');
                    Append(text, property.Value);
                }
                text.Append('}');
                break;
            default:
                text.Append(value.GetRawText());
                break;
        }
    }
}
