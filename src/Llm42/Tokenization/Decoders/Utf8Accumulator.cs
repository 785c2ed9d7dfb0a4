using System.Buffers;
using System.Text;

namespace Llm42.Tokenization.Decoders;

/// <summary>
/// Turns bytes into text as they come. Bytes that may still become a character wait; bytes that cannot are
/// U+FFFD, one for each maximal part of a character, as the Unicode standard recommends.
/// </summary>
internal struct Utf8Accumulator
{
    // At most three bytes wait: a fourth completes any character or shows that there is none.
    private uint _waiting;
    private int _count;

    public void Write(byte value, DecoderStage next)
    {
        Span<byte> bytes = stackalloc byte[4];
        int count = Load(bytes);
        bytes[count++] = value;
        bytes = bytes[..count];
        Span<char> characters = stackalloc char[2];
        while (!bytes.IsEmpty)
        {
            OperationStatus status = Rune.DecodeFromUtf8(bytes, out Rune rune, out int consumed);
            if (status == OperationStatus.NeedMoreData)
            {
                break;
            }

            next.Write(characters[..rune.EncodeToUtf16(characters)], endsToken: false);
            bytes = bytes[consumed..];
        }

        Store(bytes);
    }

    /// <summary>Ends the bytes: what still waits is the beginning of a character that never came.</summary>
    public void End(DecoderStage next)
    {
        if (_count > 0)
        {
            next.Write("\uFFFD", endsToken: false);
            _count = 0;
        }
    }

    private readonly int Load(Span<byte> bytes)
    {
        for (int i = 0; i < _count; i++)
        {
            bytes[i] = (byte)(_waiting >> (8 * i));
        }

        return _count;
    }

    private void Store(ReadOnlySpan<byte> bytes)
    {
        _waiting = 0;
        _count = bytes.Length;
        for (int i = 0; i < bytes.Length; i++)
        {
            _waiting |= (uint)bytes[i] << (8 * i);
        }
    }
}
