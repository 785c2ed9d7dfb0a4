using Llm42.Tokenization.Unicode;

namespace Llm42.Tokenization.PreTokenizers;

/// <summary>Digits, WhitespaceSplit and Punctuation: cuts at the characters of a set, each a delimiter.</summary>
internal sealed class CharacterPreTokenizer(CodePointSet delimiters, SplitBehavior behavior) : PreTokenizer
{
    public override void Split(ReadOnlySpan<char> piece, bool isAtOrigin, PieceList output)
    {
        var cutter = new PieceCutter(piece, isAtOrigin, behavior, invert: false, output);
        int position = 0;
        while (position < piece.Length)
        {
            int codePoint = WellFormed.CodePointAt(piece, position, out int length);
            if (delimiters.Contains(codePoint))
            {
                cutter.Delimiter(position, position + length);
            }

            position += length;
        }

        cutter.Finish();
    }
}
