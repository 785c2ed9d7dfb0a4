using System.Text;

namespace Llm42.Tokenization.Unicode;

/// <summary>UTF-16 that may hold lone surrogates, as .NET strings may.</summary>
internal static class WellFormed
{
    /// <summary>Replaces each lone surrogate by U+FFFD, as encoding to UTF-8 would; returns the same string when there is none.</summary>
    public static string Repair(string text)
    {
        if (text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') < 0)
        {
            return text;
        }

        var repaired = new StringBuilder(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            repaired.Append(rune);
        }

        return repaired.ToString();
    }

    /// <summary>The code point at an index and its length in UTF-16 units.</summary>
    public static int CodePointAt(ReadOnlySpan<char> text, int index, out int length)
    {
        char first = text[index];
        if (char.IsHighSurrogate(first) && index + 1 < text.Length && char.IsLowSurrogate(text[index + 1]))
        {
            length = 2;
            return char.ConvertToUtf32(first, text[index + 1]);
        }

        length = 1;
        return first;
    }

    /// <summary>The code point that ends before an index and its length in UTF-16 units.</summary>
    public static int CodePointBefore(ReadOnlySpan<char> text, int index, out int length)
    {
        char last = text[index - 1];
        if (char.IsLowSurrogate(last) && index >= 2 && char.IsHighSurrogate(text[index - 2]))
        {
            length = 2;
            return char.ConvertToUtf32(text[index - 2], last);
        }

        length = 1;
        return last;
    }
}
