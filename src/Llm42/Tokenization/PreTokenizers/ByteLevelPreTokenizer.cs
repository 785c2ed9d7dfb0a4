using System.Text;
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
        int written = 0;
        int position = 0;
        Span<byte> bytes = stackalloc byte[4];
        while (position < piece.Length)
        {
            char next = piece[position];
            if (next < 0x80)
            {
                target[written++] = ByteAlphabet.ToChar((byte)next);
                position++;
                continue;
            }

            var rune = new Rune(WellFormed.CodePointAt(piece, position, out int length));
            int count = rune.EncodeToUtf8(bytes);
            foreach (byte value in bytes[..count])
            {
                target[written++] = ByteAlphabet.ToChar(value);
            }

            position += length;
        }

        output.Commit(written, isAtOrigin);
    }
}
