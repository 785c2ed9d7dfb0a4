using System.Globalization;
using System.Text;

namespace Llm42.Tokenization.Normalizers;

/// <summary>Removes combining marks; meant to follow NFD or NFKD.</summary>
internal sealed class StripAccentsNormalizer : Normalizer
{
    public override string Normalize(string text)
    {
        var result = new StringBuilder(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (Rune.GetUnicodeCategory(rune)
                is not (UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark))
            {
                result.Append(rune);
            }
        }

        return result.ToString();
    }
}
