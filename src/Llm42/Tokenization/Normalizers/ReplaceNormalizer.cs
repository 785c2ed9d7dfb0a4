using System.Text;
using Llm42.Tokenization.Regexes;

namespace Llm42.Tokenization.Normalizers;

/// <summary>Replaces every match of a pattern by a fixed text.</summary>
internal sealed class ReplaceNormalizer(TextPattern pattern, string content) : Normalizer
{
    public override string Normalize(string text)
    {
        if (pattern is LiteralTextPattern { Literal: { Length: > 0 } literal })
        {
            return text.Replace(literal, content, StringComparison.Ordinal);
        }

        TextPattern.Matches matches = pattern.Enumerate(text);
        if (text.Length == 0 || !matches.TryNext(out int start, out int end))
        {
            return text;
        }

        var result = new StringBuilder(text.Length + 16);
        int copied = 0;
        do
        {
            result.Append(text, copied, start - copied).Append(content);
            copied = end;
        }
        while (matches.TryNext(out start, out end));

        return result.Append(text, copied, text.Length - copied).ToString();
    }
}
