namespace Llm42.Tokenization.Decoders;

/// <summary>
/// One step of decoding. A stage takes tokens, in parts if need be, and gives tokens to the next stage as soon as
/// they can no longer change, so that decoding a stream and decoding a whole are the same code.
/// </summary>
internal abstract class DecoderStage
{
    /// <summary>The stage that takes this one's tokens; null for the last.</summary>
    public DecoderStage? Next { get; set; }

    /// <summary>Takes a part of a token.</summary>
    /// <param name="text">The part.</param>
    /// <param name="endsToken">Whether the token ends with it.</param>
    public abstract void Write(ReadOnlySpan<char> text, bool endsToken);

    /// <summary>Takes the end of the stream.</summary>
    public abstract void End();

    /// <summary>What the stage makes of a whole token that is neither the first of a text nor the last.</summary>
    public virtual TokenContent Map(TokenContent token) => token;

    /// <summary>A copy of this stage and of all behind it that goes its own way.</summary>
    public DecoderStage Fork()
    {
        var copy = (DecoderStage)MemberwiseClone();
        copy.CopyBuffers();
        copy.Next = Next?.Fork();
        return copy;
    }

    /// <summary>Replaces mutable objects, after a shallow copy, by copies of them.</summary>
    protected virtual void CopyBuffers()
    {
    }
}
