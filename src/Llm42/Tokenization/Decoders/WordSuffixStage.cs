namespace Llm42.Tokenization.Decoders;

/// <summary>BPEDecoder: the suffix that ends a word becomes a space, and goes in the last token.</summary>
internal sealed class WordSuffixStage(string suffix) : TokenStage
{
    // The newest token waits, since it may be the last.
    private string? _held;

    public override TokenContent Map(TokenContent token) =>
        token with { Text = token.Text.Replace(suffix, " ", StringComparison.Ordinal) };

    public override void End()
    {
        if (_held is not null)
        {
            Next!.Write(_held.Replace(suffix, "", StringComparison.Ordinal), endsToken: true);
            _held = null;
        }

        Next!.End();
    }

    protected override void WriteToken(ReadOnlySpan<char> token)
    {
        if (_held is not null)
        {
            Next!.Write(_held.Replace(suffix, " ", StringComparison.Ordinal), endsToken: true);
        }

        _held = token.ToString();
    }
}
