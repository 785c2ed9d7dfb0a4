using System.Text;
using Llm42.Tokenization.Unicode;

namespace Llm42.Tokenization.Normalizers;

/// <summary>Removes combining marks; meant to follow NFD or NFKD.</summary>
internal sealed class StripAccentsNormalizer : Normalizer
{
    public override string Normalize(string text)
    {
        var result = new StringBuilder(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (!CodePointSet.Mark.Contains(rune.Value))
            {
                result.Append(rune);
            }
        }

        return result.ToString();
    }
}
