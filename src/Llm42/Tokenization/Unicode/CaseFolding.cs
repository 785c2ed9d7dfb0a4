using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace Llm42.Tokenization.Unicode;

/// <summary>
/// Case folding for case-insensitive groups of a pattern: of ASCII letters only, which is all that tokenizers use.
/// Other letters fold to several characters here and there, where a guess would be wrong.
/// </summary>
internal static class CaseFolding
{
    private const int KelvinSign = 0x212A;
    private const int LongS = 0x17F;

    private static readonly string[] Ligatures = ["ss", "ff", "fi", "fl", "st"];

    /// <summary>All code points that match one without regard to case; false for a cased letter outside ASCII.</summary>
    public static bool TryGetVariants(int codePoint, [NotNullWhen(true)] out IReadOnlyList<int>? variants)
    {
        variants = codePoint switch
        {
            'k' or 'K' => ['k', 'K', KelvinSign],
            's' or 'S' => ['s', 'S', LongS],
            _ when codePoint < 0x80 && char.IsAsciiLetter((char)codePoint) => [codePoint | 0x20, codePoint & ~0x20],
            _ when codePoint < 0x80 || IsCaseless(codePoint) => [codePoint],
            _ => null,
        };
        return variants is not null;
    }

    /// <summary>Whether a text starts with letters that also match a single character, such as "ss" and U+00DF.</summary>
    public static bool StartsWithLigature(ReadOnlySpan<char> text)
    {
        foreach (string ligature in Ligatures)
        {
            if (text.StartsWith(ligature, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsCaseless(int codePoint)
    {
        if (!Rune.TryCreate(codePoint, out Rune rune) || Rune.ToUpperInvariant(rune) != rune || Rune.ToLowerInvariant(rune) != rune)
        {
            return false;
        }

        // Marks and modifier letters can be part of a longer folding even though they have no case themselves.
        return Rune.GetUnicodeCategory(rune)
            is UnicodeCategory.OtherLetter or UnicodeCategory.DecimalDigitNumber or UnicodeCategory.OtherPunctuation
            or UnicodeCategory.OpenPunctuation or UnicodeCategory.ClosePunctuation or UnicodeCategory.DashPunctuation
            or UnicodeCategory.InitialQuotePunctuation or UnicodeCategory.FinalQuotePunctuation or UnicodeCategory.SpaceSeparator;
    }
}
