using System.Globalization;
using System.Text;

namespace Llm42.ChatTemplates.Formatting;

/// <summary>Python's upper(), lower() and title() and what they count as letters with case.</summary>
internal static class LetterCase
{
    public static string Upper(string text) => Map(text, (result, rune) => AppendUpper(result, rune));

    public static string Lower(string text)
    {
        var result = new StringBuilder(text.Length);
        for (int i = 0; i < text.Length; i++)
            AppendLower(result, text, ref i);
        return result.ToString();
    }

    /// <summary>lower(), and letters that are written with several: what caseless comparisons compare.</summary>
    public static string Fold(string text) => Lower(text).Replace("ß", "ss", StringComparison.Ordinal).Replace('ς', 'σ');

    /// <summary>Upper case behind what is no letter, lower case behind a letter.</summary>
    public static string Title(string text)
    {
        var result = new StringBuilder(text.Length);
        bool isInWord = false;
        for (int i = 0; i < text.Length; i++)
        {
            Rune.DecodeFromUtf16(text.AsSpan(i), out Rune rune, out _);
            bool isCased = IsCased(rune.Value);
            if (isInWord)
                AppendLower(result, text, ref i);
            else
                AppendTitle(result, text, ref i);
            isInWord = isCased;
        }

        return result.ToString();
    }

    /// <summary>The first letter in title case, the rest in lower case.</summary>
    public static string Capitalize(string text)
    {
        if (text.Length == 0)
            return text;
        var result = new StringBuilder(text.Length);
        int i = 0;
        AppendTitle(result, text, ref i);
        for (i++; i < text.Length; i++)
            AppendLower(result, text, ref i);
        return result.ToString();
    }

    public static string Swap(string text)
    {
        var result = new StringBuilder(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            Rune.DecodeFromUtf16(text.AsSpan(i), out Rune rune, out int units);
            if (IsLower(rune.Value))
            {
                AppendUpper(result, rune);
                i += units - 1;
            }
            else
            {
                AppendLower(result, text, ref i);
            }
        }

        return result.ToString();
    }

    public static bool IsUpper(int c) => CharUnicodeInfo.GetUnicodeCategory(c) == UnicodeCategory.UppercaseLetter || c is >= 0x2160 and <= 0x216f or >= 0x24b6 and <= 0x24cf;

    public static bool IsLower(int c) => CharUnicodeInfo.GetUnicodeCategory(c) == UnicodeCategory.LowercaseLetter || c is 0xaa or 0xba or >= 0x2170 and <= 0x217f or >= 0x24d0 and <= 0x24e9;

    public static bool IsCased(int c) => IsUpper(c) || IsLower(c) || CharUnicodeInfo.GetUnicodeCategory(c) == UnicodeCategory.TitlecaseLetter;

    private static string Map(string text, Action<StringBuilder, Rune> append)
    {
        var result = new StringBuilder(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
            append(result, rune);
        return result.ToString();
    }

    private static void AppendUpper(StringBuilder result, Rune rune)
    {
        if (rune.IsBmp && SpecialCasing.Upper.TryGetValue((char)rune.Value, out string? special))
            result.Append(special);
        else
            result.Append(Rune.ToUpperInvariant(rune).ToString());
    }

    private static void AppendTitle(StringBuilder result, string text, ref int i)
    {
        Rune.DecodeFromUtf16(text.AsSpan(i), out Rune rune, out int units);
        i += units - 1;
        if (rune.IsBmp && SpecialCasing.Title.TryGetValue((char)rune.Value, out string? special))
            result.Append(special);
        else if (rune.Value is >= 0x10d0 and <= 0x10ff)
            result.Append((char)rune.Value);
        else
            AppendUpper(result, rune);
    }

    private static void AppendLower(StringBuilder result, string text, ref int i)
    {
        char c = text[i];
        if (c == 'Σ')
        {
            result.Append(IsAtWordEnd(text, i) ? 'ς' : 'σ');
        }
        else if (c == 'İ')
        {
            result.Append("i\u0307");
        }
        else
        {
            Rune.DecodeFromUtf16(text.AsSpan(i), out Rune rune, out int units);
            i += units - 1;
            result.Append(Rune.ToLowerInvariant(rune).ToString());
        }
    }

    private static bool IsAtWordEnd(string text, int i) =>
        i > 0 && char.IsLetter(text[i - 1]) && (i + 1 == text.Length || !char.IsLetter(text[i + 1]));
}
