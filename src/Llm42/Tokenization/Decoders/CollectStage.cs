using System.Text;

namespace Llm42.Tokenization.Decoders;

/// <summary>The last stage: joins everything and hands it out.</summary>
internal sealed class CollectStage : DecoderStage
{
    private StringBuilder _text = new();

    public override void Write(ReadOnlySpan<char> text, bool endsToken) => _text.Append(text);

    public override void End()
    {
    }

    /// <summary>The text since the last call.</summary>
    public string Take()
    {
        string text = _text.ToString();
        _text.Clear();
        return text;
    }

    protected override void CopyBuffers() => _text = new StringBuilder().Append(_text);
}
