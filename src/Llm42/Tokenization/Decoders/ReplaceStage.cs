using System.Text;
using Llm42.Tokenization.Regexes;

namespace Llm42.Tokenization.Decoders;

/// <summary>Replace: replaces every match of a pattern inside each token.</summary>
internal sealed class ReplaceStage(TextPattern pattern, string content) : TokenStage
{
    public override TokenContent Map(TokenContent token)
    {
        var text = new StringBuilder();
        TextPattern.Matches matches = pattern.Enumerate(token.Text);
        int copied = 0;
        while (token.Text.Length > 0 && matches.TryNext(out int start, out int end))
        {
            text.Append(token.Text, copied, start - copied).Append(content);
            copied = end;
        }

        return token with { Text = text.Append(token.Text, copied, token.Text.Length - copied).ToString() };
    }

    protected override void WriteToken(ReadOnlySpan<char> token)
    {
        TextPattern.Matches matches = pattern.Enumerate(token);
        int copied = 0;
        while (!token.IsEmpty && matches.TryNext(out int start, out int end))
        {
            Next!.Write(token[copied..start], endsToken: false);
            Next!.Write(content, endsToken: false);
            copied = end;
        }

        Next!.Write(token[copied..], endsToken: true);
    }
}
