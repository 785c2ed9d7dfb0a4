using System.Text;
using Llm42.Tokenization.Unicode;

namespace Llm42.Tokenization.Decoders;

/// <summary>ByteLevel: reads tokens in the byte alphabet and makes one token of all their bytes.</summary>
internal sealed class ByteLevelStage : TokenStage
{
    private Utf8Accumulator _bytes;

    public override void End()
    {
        _bytes.End(Next!);
        Next!.Write("", endsToken: true);
        Next!.End();
    }

    public override TokenContent Map(TokenContent token)
    {
        if (!IsInAlphabet(token.Text))
        {
            return token;
        }

        var bytes = new byte[token.Text.Length];
        for (int i = 0; i < bytes.Length; i++)
        {
            ByteAlphabet.TryToByte(token.Text[i], out bytes[i]);
        }

        return token with { Bytes = bytes, IsFused = true };
    }

    protected override void WriteToken(ReadOnlySpan<char> token)
    {
        if (IsInAlphabet(token))
        {
            foreach (char character in token)
            {
                ByteAlphabet.TryToByte(character, out byte value);
                _bytes.Write(value, Next!);
            }

            return;
        }

        // A token with any other character, such as an added one, stands for itself.
        Span<byte> utf8 = stackalloc byte[4];
        foreach (Rune rune in token.EnumerateRunes())
        {
            foreach (byte value in utf8[..rune.EncodeToUtf8(utf8)])
            {
                _bytes.Write(value, Next!);
            }
        }
    }

    private static bool IsInAlphabet(ReadOnlySpan<char> token)
    {
        foreach (char character in token)
        {
            if (!ByteAlphabet.TryToByte(character, out _))
            {
                return false;
            }
        }

        return true;
    }
}
