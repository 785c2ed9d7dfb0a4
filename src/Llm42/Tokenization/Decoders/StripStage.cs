namespace Llm42.Tokenization.Decoders;

/// <summary>Strip: removes up to so many of a character at the start and at the end of each token.</summary>
internal sealed class StripStage(char content, int atStart, int atEnd) : DecoderStage
{
    private int _strippedAtStart;

    // Characters that will go if the token ends here, and stay if it does not.
    private int _held;

    public override void Write(ReadOnlySpan<char> text, bool endsToken)
    {
        while (_strippedAtStart < atStart && !text.IsEmpty)
        {
            if (text[0] != content)
            {
                _strippedAtStart = atStart;
                break;
            }

            _strippedAtStart++;
            text = text[1..];
        }

        int kept = text.TrimEnd(content).Length;
        if (kept > 0)
        {
            WriteContent(_held);
            _held = 0;
            Next!.Write(text[..kept], endsToken: false);
        }

        int trailing = _held + text.Length - kept;
        _held = Math.Min(trailing, atEnd);
        WriteContent(trailing - _held);
        if (endsToken)
        {
            _held = 0;
            _strippedAtStart = 0;
            Next!.Write("", endsToken: true);
        }
    }

    public override void End() => Next!.End();

    public override TokenContent Map(TokenContent token)
    {
        if (token.IsFused)
        {
            return token;
        }

        ReadOnlySpan<char> text = token.Text;
        int atFront = Math.Min(atStart, text.Length - text.TrimStart(content).Length);
        text = text[atFront..];
        return token with { Text = text[..^Math.Min(atEnd, text.Length - text.TrimEnd(content).Length)].ToString() };
    }

    private void WriteContent(int count)
    {
        for (int i = 0; i < count; i++)
        {
            Next!.Write([content], endsToken: false);
        }
    }
}
