using Llm42.Tokenization.Regexes;
using Llm42.Tokenization.Unicode;

namespace Llm42.Tokenization.PreTokenizers;

/// <summary>ByteLevel: writes each UTF-8 byte as a character of the byte alphabet, after GPT-2's split if asked for.</summary>
internal sealed class ByteLevelPreTokenizer(bool addPrefixSpace, bool useRegex) : PreTokenizer
{
    private const string Gpt2 = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    private readonly RegexTextPattern? _pattern = useRegex ? new RegexTextPattern(new RegexPattern(Gpt2)) : null;

    public override void Split(ReadOnlySpan<char> piece, bool isAtOrigin, PieceList output)
    {
        if (addPrefixSpace && piece[0] != ' ')
        {
            piece = string.Concat(" ", piece);
        }

        if (_pattern is null)
        {
            Write(piece, isAtOrigin, output);
            return;
        }

        // The pattern matches every character, so the matches are the pieces.
        TextPattern.Matches matches = _pattern.Enumerate(piece);
        while (matches.TryNext(out int start, out int end))
        {
            Write(piece[start..end], isAtOrigin && start == 0, output);
        }
    }

    private static void Write(ReadOnlySpan<char> piece, bool isAtOrigin, PieceList output)
    {
        Span<char> target = output.Reserve(checked(piece.Length * 3));
        output.Commit(ByteAlphabet.Write(piece, target), isAtOrigin);
    }
}
