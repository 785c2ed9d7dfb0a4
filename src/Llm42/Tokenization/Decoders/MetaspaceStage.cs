namespace Llm42.Tokenization.Decoders;

/// <summary>Metaspace: the visible character becomes a space; in the first token it goes, if encoding may have put it there.</summary>
internal sealed class MetaspaceStage(char replacement, bool dropsInFirst) : TokenStage
{
    private bool _isFirst = true;

    public override TokenContent Map(TokenContent token) => token with { Text = token.Text.Replace(replacement, ' ') };

    protected override void WriteToken(ReadOnlySpan<char> token)
    {
        string text = token.ToString();
        Next!.Write(
            _isFirst && dropsInFirst
                ? text.Replace(replacement.ToString(), "", StringComparison.Ordinal)
                : text.Replace(replacement, ' '),
            endsToken: true);
        _isFirst = false;
    }
}
