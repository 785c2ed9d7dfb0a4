namespace Llm42.Tokenization.Decoders;

/// <summary>WordPiece: a space before each token but the first and those that continue a word, and English tidied up if asked for.</summary>
internal sealed class WordPieceStage(string prefix, bool tidies) : TokenStage
{
    private static readonly (string From, string To)[] Tidyings =
    [
        (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"), (" do not", " don't"),
        (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
    ];

    private bool _hasToken;

    public override TokenContent Map(TokenContent token) => token with { Text = TextOf(token.Text, isFirst: false) };

    protected override void WriteToken(ReadOnlySpan<char> token)
    {
        Next!.Write(TextOf(token, isFirst: !_hasToken), endsToken: true);
        _hasToken = true;
    }

    private string TextOf(ReadOnlySpan<char> token, bool isFirst)
    {
        string text = isFirst ? token.ToString()
            : token.StartsWith(prefix) ? token[prefix.Length..].ToString()
            : string.Concat(" ", token);
        foreach ((string from, string to) in tidies ? Tidyings : [])
        {
            text = text.Replace(from, to, StringComparison.Ordinal);
        }

        return text;
    }
}
