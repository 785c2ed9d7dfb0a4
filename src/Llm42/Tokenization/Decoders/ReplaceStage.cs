using Llm42.Tokenization.Regexes;

namespace Llm42.Tokenization.Decoders;

/// <summary>Replace: replaces every match of a pattern inside each token.</summary>
internal sealed class ReplaceStage(TextPattern pattern, string content) : TokenStage
{
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
