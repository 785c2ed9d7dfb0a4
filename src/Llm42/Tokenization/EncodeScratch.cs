using Llm42.Tokenization.Bpe;
using Llm42.Tokenization.PreTokenizers;

namespace Llm42.Tokenization;

/// <summary>The buffers of one Encode call, kept from call to call.</summary>
internal sealed class EncodeScratch
{
    public BpeScratch Bpe { get; } = new();

    public PieceList Pieces { get; set; } = new();

    public PieceList NextPieces { get; set; } = new();
}
