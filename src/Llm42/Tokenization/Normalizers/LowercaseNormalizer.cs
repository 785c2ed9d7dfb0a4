using System.Text;

namespace Llm42.Tokenization.Normalizers;

/// <summary>Lowercases each character on its own, with Unicode's full mapping.</summary>
internal sealed class LowercaseNormalizer : Normalizer
{
    // The one character whose full lower-case mapping has two characters; .NET's invariant mapping leaves it alone.
    private const int CapitalIWithDot = 0x130;

    public override string Normalize(string text)
    {
        var result = new StringBuilder(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (rune.Value == CapitalIWithDot)
            {
                result.Append("i\u0307");
            }
            else
            {
                result.Append(Rune.ToLowerInvariant(rune));
            }
        }

        return result.ToString();
    }
}
