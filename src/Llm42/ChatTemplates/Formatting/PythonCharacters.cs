using System.Globalization;
using System.Text;

namespace Llm42.ChatTemplates.Formatting;

/// <summary>Python's classes of characters, where they are not .NET's.</summary>
internal static class PythonCharacters
{
    /// <summary>What str.isspace, strip() and \s take for white space.</summary>
    public static bool IsSpace(int c) => c switch
    {
        >= 9 and <= 13 or >= 0x1c and <= 0x20 or 0x85 or 0xa0 or 0x1680 => true,
        >= 0x2000 and <= 0x200a or 0x2028 or 0x2029 or 0x202f or 0x205f or 0x3000 => true,
        _ => false,
    };

    /// <summary>What str.splitlines takes for the end of a line; a line feed behind a carriage return belongs to it.</summary>
    public static bool IsLineEnd(char c) =>
        c is '\n' or '\r' or '\v' or '\f' or '\x1c' or '\x1d' or '\x1e' or '\x85' or '\u2028' or '\u2029';

    /// <summary>A letter, digit or underscore of a regular expression's \w.</summary>
    public static bool IsWord(int c) => c == '_' || IsAlphanumeric(c);

    public static bool IsAlphabetic(int c) => c < 0x80
        ? char.IsAsciiLetter((char)c)
        : CharUnicodeInfo.GetUnicodeCategory(c) is UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter
            or UnicodeCategory.TitlecaseLetter or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter;

    public static bool IsAlphanumeric(int c) => c < 0x80 ? char.IsAsciiLetterOrDigit((char)c) : IsAlphabetic(c) || IsNumeric(c);

    public static bool IsDecimal(int c) => c < 0x80 ? char.IsAsciiDigit((char)c) : CharUnicodeInfo.GetUnicodeCategory(c) == UnicodeCategory.DecimalDigitNumber;

    public static bool IsDigit(int c) => c < 0x80 ? char.IsAsciiDigit((char)c) : CharUnicodeInfo.GetDigitValue(char.ConvertFromUtf32(c), 0) >= 0;

    public static bool IsNumeric(int c) =>
        c < 0x80 ? char.IsAsciiDigit((char)c) : CharUnicodeInfo.GetNumericValue(char.ConvertFromUtf32(c), 0) >= 0;

    public static bool IsIdentifierStart(int c) => c == '_' || IsAlphabetic(c) || (c >= 0x80 && CharUnicodeInfo.GetUnicodeCategory(c) == UnicodeCategory.LetterNumber);

    public static bool IsIdentifierPart(int c) => IsIdentifierStart(c) || (c < 0x80
        ? char.IsAsciiDigit((char)c)
        : CharUnicodeInfo.GetUnicodeCategory(c) is UnicodeCategory.DecimalDigitNumber or UnicodeCategory.NonSpacingMark
            or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.ConnectorPunctuation);

    public static bool IsIdentifier(string text)
    {
        bool isFirst = true;
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (!(isFirst ? IsIdentifierStart(rune.Value) : IsIdentifierPart(rune.Value)))
                return false;
            isFirst = false;
        }

        return !isFirst;
    }

    /// <summary>What repr() writes as it is.</summary>
    public static bool IsPrintable(int c) => c < 0x80
        ? c is >= 0x20 and < 0x7f
        : CharUnicodeInfo.GetUnicodeCategory(c) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate
            or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator
            or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator);
}
