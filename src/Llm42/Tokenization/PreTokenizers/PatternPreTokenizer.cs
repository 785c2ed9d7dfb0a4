using Llm42.Tokenization.Regexes;

namespace Llm42.Tokenization.PreTokenizers;

/// <summary>Split: cuts at the matches of a pattern, or at what lies between them.</summary>
internal sealed class PatternPreTokenizer(TextPattern pattern, SplitBehavior behavior, bool invert) : PreTokenizer
{
    public override void Split(ReadOnlySpan<char> piece, bool isAtOrigin, PieceList output)
    {
        var cutter = new PieceCutter(piece, isAtOrigin, behavior, invert, output);
        TextPattern.Matches matches = pattern.Enumerate(piece);
        while (matches.TryNext(out int start, out int end))
        {
            cutter.Delimiter(start, end);
        }

        cutter.Finish();
    }
}
