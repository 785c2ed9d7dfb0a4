using System.Runtime.CompilerServices;
using System.Text;

namespace Llm42.Tokenization.Unicode;

/// <summary>GPT-2's mapping of the 256 byte values to printable characters, used by byte-level vocabularies.</summary>
internal static class ByteAlphabet
{
    private const int LastCharacter = 0x143;

    private static readonly char[] Characters = MakeCharacters();
    private static readonly short[] Bytes = MakeBytes();

    /// <summary>The character that stands for a byte.</summary>
    public static char ToChar(byte value) => Characters[value];

    /// <summary>The byte that a character stands for, or false for a character outside the alphabet.</summary>
    public static bool TryToByte(char character, out byte value)
    {
        short found = character <= LastCharacter ? Bytes[character] : (short)-1;
        value = (byte)found;
        return found >= 0;
    }

    /// <summary>Writes the UTF-8 bytes of a text, at most three for each of its units.</summary>
    /// <returns>The number of bytes.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Write(ReadOnlySpan<char> text, Span<char> target)
    {
        int written = 0;
        int position = 0;
        Span<byte> bytes = stackalloc byte[4];
        while (position < text.Length)
        {
            char next = text[position];
            if (next < 0x80)
            {
                target[written++] = ToChar((byte)next);
                position++;
                continue;
            }

            var rune = new Rune(WellFormed.CodePointAt(text, position, out int length));
            int count = rune.EncodeToUtf8(bytes);
            foreach (byte value in bytes[..count])
            {
                target[written++] = ToChar(value);
            }

            position += length;
        }

        return written;
    }

    private static char[] MakeCharacters()
    {
        var characters = new char[256];
        int next = 256;
        for (int value = 0; value < 256; value++)
        {
            bool isPrintable = value is >= '!' and <= '~' or >= 0xA1 and <= 0xAC or >= 0xAE and <= 0xFF;
            characters[value] = (char)(isPrintable ? value : next++);
        }

        return characters;
    }

    private static short[] MakeBytes()
    {
        var bytes = new short[LastCharacter + 1];
        Array.Fill(bytes, (short)-1);
        for (int value = 0; value < 256; value++)
        {
            bytes[Characters[value]] = (short)value;
        }

        return bytes;
    }
}
