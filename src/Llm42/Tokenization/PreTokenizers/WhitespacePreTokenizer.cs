using Llm42.Tokenization.Unicode;

namespace Llm42.Tokenization.PreTokenizers;

/// <summary>Whitespace: runs of word characters, runs of other visible ones; white space goes.</summary>
internal sealed class WhitespacePreTokenizer : PreTokenizer
{
    private enum Kind
    {
        Space,
        Word,
        Other,
    }

    public override void Split(ReadOnlySpan<char> piece, bool isAtOrigin, PieceList output)
    {
        int start = 0;
        var current = Kind.Space;
        int position = 0;
        while (position < piece.Length)
        {
            Kind next = KindOf(WellFormed.CodePointAt(piece, position, out int length));
            if (next != current)
            {
                Flush(piece[start..position], current, isAtOrigin && start == 0, output);
                start = position;
                current = next;
            }

            position += length;
        }

        Flush(piece[start..], current, isAtOrigin && start == 0, output);
    }

    private static Kind KindOf(int codePoint) =>
        CodePointSet.Word.Contains(codePoint) ? Kind.Word
        : CodePointSet.WhiteSpace.Contains(codePoint) ? Kind.Space
        : Kind.Other;

    private static void Flush(ReadOnlySpan<char> run, Kind kind, bool isAtOrigin, PieceList output)
    {
        if (kind != Kind.Space)
        {
            output.Add(run, isAtOrigin);
        }
    }
}
