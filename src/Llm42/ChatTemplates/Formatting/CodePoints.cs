using System.Text;

namespace Llm42.ChatTemplates.Formatting;

/// <summary>Texts as sequences of code points, which is how Python counts, cuts and compares them.</summary>
internal static class CodePoints
{
    /// <summary>The number of code points.</summary>
    public static int Count(ReadOnlySpan<char> text) => text.Length - SurrogatePairs(text);

    /// <summary>The UTF-16 index of a code point's index.</summary>
    public static int ToUnits(string text, int length, int index)
    {
        if (length == text.Length)
            return index;
        int units = 0;
        for (; index > 0; index--)
            units += char.IsHighSurrogate(text[units]) ? 2 : 1;
        return units;
    }

    /// <summary>The code points, each as a text.</summary>
    public static IEnumerable<string> Enumerate(string text)
    {
        for (int i = 0; i < text.Length;)
        {
            int units = char.IsHighSurrogate(text[i]) ? 2 : 1;
            yield return text.Substring(i, units);
            i += units;
        }
    }

    public static string Reverse(string text)
    {
        var reversed = new StringBuilder(text.Length);
        for (int i = text.Length; i > 0;)
        {
            int units = char.IsLowSurrogate(text[i - 1]) ? 2 : 1;
            i -= units;
            reversed.Append(text, i, units);
        }

        return reversed.ToString();
    }

    /// <summary>Compares by code points; UTF-16 puts those beyond U+FFFF before the last of those below.</summary>
    public static int Compare(string left, string right)
    {
        int length = Math.Min(left.Length, right.Length);
        int same = left.AsSpan(0, length).CommonPrefixLength(right);
        if (same == length)
            return left.Length.CompareTo(right.Length);
        bool isLeftHigh = char.IsSurrogate(left[same]);
        bool isRightHigh = char.IsSurrogate(right[same]);
        return isLeftHigh == isRightHigh ? left[same].CompareTo(right[same]) : isLeftHigh ? 1 : -1;
    }

    private static int SurrogatePairs(ReadOnlySpan<char> text)
    {
        int pairs = 0;
        for (int at = text.IndexOfAnyInRange('\ud800', '\udbff'); at >= 0;)
        {
            pairs++;
            text = text[(at + 2)..];
            at = text.IndexOfAnyInRange('\ud800', '\udbff');
        }

        return pairs;
    }
}
