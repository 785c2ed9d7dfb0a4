namespace Llm42.Tokenization.Decoders;

/// <summary>Fuse: makes one token of all.</summary>
internal sealed class FuseStage : DecoderStage
{
    public override void Write(ReadOnlySpan<char> text, bool endsToken) => Next!.Write(text, endsToken: false);

    public override TokenContent Map(TokenContent token) => token with { IsFused = true };

    public override void End()
    {
        Next!.Write("", endsToken: true);
        Next!.End();
    }
}
