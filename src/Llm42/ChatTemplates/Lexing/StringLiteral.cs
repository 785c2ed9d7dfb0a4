using System.Globalization;
using System.Text;

namespace Llm42.ChatTemplates.Lexing;

/// <summary>The escapes of a string literal, which are those of a Python string.</summary>
internal static class StringLiteral
{
    /// <summary>The text that a literal stands for.</summary>
    /// <param name="body">What is between its quotes.</param>
    /// <param name="position">Where the literal begins.</param>
    public static string Unescape(ReadOnlySpan<char> body, int position)
    {
        if (!body.Contains('\\'))
            return body.ToString();
        var text = new StringBuilder(body.Length);
        for (int i = 0; i < body.Length; i++)
        {
            if (body[i] != '\\')
            {
                text.Append(body[i]);
                continue;
            }

            // The lexer let no backslash end a literal.
            char escape = body[++i];
            switch (escape)
            {
                case '\n':
                    break;
                case '\\' or '\'' or '"':
                    text.Append(escape);
                    break;
                case 'a':
                    text.Append('\a');
                    break;
                case 'b':
                    text.Append('\b');
                    break;
                case 'f':
                    text.Append('\f');
                    break;
                case 'n':
                    text.Append('\n');
                    break;
                case 'r':
                    text.Append('\r');
                    break;
                case 't':
                    text.Append('\t');
                    break;
                case 'v':
                    text.Append('\v');
                    break;
                case >= '0' and <= '7':
                    int octal = 0;
                    int end = Math.Min(i + 3, body.Length);
                    while (i < end && body[i] is >= '0' and <= '7')
                        octal = (octal * 8) + (body[i++] - '0');
                    i--;
                    text.Append((char)octal);
                    break;
                case 'x' or 'u' or 'U':
                    int digits = escape switch { 'x' => 2, 'u' => 4, _ => 8 };
                    AppendHexadecimal(text, body, ref i, digits, position);
                    break;
                case 'N':
                    throw new TemplateError("the escape \\N{...} is not supported; write the character", position: position);
                case >= '\x80':
                    // The reference turns the character into an escape of its own first, whose backslash this one then eats.
                    text.Append('\\').Append(Escaped(body, ref i));
                    break;
                default:
                    text.Append('\\').Append(escape);
                    break;
            }
        }

        return text.ToString();
    }

    private static string Escaped(ReadOnlySpan<char> body, ref int i)
    {
        Rune.DecodeFromUtf16(body[i..], out Rune rune, out int units);
        i += units - 1;
        string format = rune.Value switch { < 0x100 => "x{0:x2}", < 0x10000 => "u{0:x4}", _ => "U{0:x8}" };
        return string.Format(CultureInfo.InvariantCulture, format, rune.Value);
    }

    private static void AppendHexadecimal(StringBuilder text, ReadOnlySpan<char> body, ref int i, int digits, int position)
    {
        if (i + digits >= body.Length
            || !int.TryParse(body.Slice(i + 1, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int value)
            || value is < 0 or > 0x10ffff)
            throw new TemplateError($"the escape \\{body[i]} of a string needs {digits} hexadecimal digits of a character", position: position);
        i += digits;
        if (value is >= 0xd800 and < 0xe000 || value >= 0x10000)
            AppendBeyondSixteenBits(text, value, position);
        else
            text.Append((char)value);
    }

    private static void AppendBeyondSixteenBits(StringBuilder text, int value, int position)
    {
        if (!Rune.TryCreate(value, out Rune rune))
            throw new TemplateError($"the escape \\u{value:x4} of a string is half a surrogate pair, which is no character", position: position);
        text.Append(rune.ToString());
    }
}
