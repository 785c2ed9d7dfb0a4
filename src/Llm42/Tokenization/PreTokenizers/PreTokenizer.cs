namespace Llm42.Tokenization.PreTokenizers;

/// <summary>Cuts a piece of text into smaller ones and may rewrite them.</summary>
internal abstract class PreTokenizer
{
    /// <summary>Cuts one piece.</summary>
    /// <param name="piece">The piece, not empty.</param>
    /// <param name="isAtOrigin">Whether it starts where the whole text starts.</param>
    /// <param name="output">Where the pieces go.</param>
    public abstract void Split(ReadOnlySpan<char> piece, bool isAtOrigin, PieceList output);
}
