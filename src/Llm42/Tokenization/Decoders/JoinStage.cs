namespace Llm42.Tokenization.Decoders;

/// <summary>Puts a space between tokens: what happens without any decoder.</summary>
internal sealed class JoinStage : TokenStage
{
    private bool _hasToken;

    public override TokenContent Map(TokenContent token) => token with { Text = " " + token.Text };

    protected override void WriteToken(ReadOnlySpan<char> token)
    {
        if (_hasToken)
        {
            Next!.Write(" ", endsToken: false);
        }

        _hasToken = true;
        Next!.Write(token, endsToken: true);
    }
}
