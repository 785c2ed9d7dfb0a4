using System.Text;

namespace Llm42.Tokenization.Normalizers;

/// <summary>Nmt: drops control characters and makes a space of everything that looks like one.</summary>
internal sealed class NmtNormalizer : Normalizer
{
    public override string Normalize(string text)
    {
        var result = new StringBuilder(text.Length);
        foreach (char character in text)
        {
            switch (character)
            {
                case (>= '\u0001' and <= '\u0008') or '\u000B' or (>= '\u000E' and <= '\u001F') or '\u007F' or '\u008F' or '\u009F':
                    break;
                case '\t' or '\n' or '\f' or '\r' or '\u1680' or (>= '\u200B' and <= '\u200F') or '\u2028' or '\u2029' or '\u2581'
                    or '\uFEFF' or '\uFFFD':
                    result.Append(' ');
                    break;
                default:
                    result.Append(character);
                    break;
            }
        }

        return result.ToString();
    }
}
