using System.Text;

namespace Llm42.Tokenization.Decoders;

/// <summary>A stage that needs each token as a whole.</summary>
internal abstract class TokenStage : DecoderStage
{
    // Decoders that each double a token would fill any memory together.
    private const int LongestToken = 1 << 24;

    private StringBuilder? _partial;

    public sealed override void Write(ReadOnlySpan<char> text, bool endsToken)
    {
        if (endsToken && _partial is not { Length: > 0 })
        {
            WriteToken(text);
            return;
        }

        _partial ??= new StringBuilder();
        if (_partial.Length > LongestToken)
        {
            throw new InvalidOperationException(
                $"The tokenizer's decoders make more than {LongestToken} characters of a token; they are not those of a real model.");
        }

        _partial.Append(text);
        if (endsToken)
        {
            string token = _partial.ToString();
            _partial.Clear();
            WriteToken(token);
        }
    }

    public override void End() => Next!.End();

    /// <summary>Takes a whole token.</summary>
    protected abstract void WriteToken(ReadOnlySpan<char> token);

    protected override void CopyBuffers()
    {
        if (_partial is not null)
        {
            _partial = new StringBuilder().Append(_partial);
        }
    }
}
