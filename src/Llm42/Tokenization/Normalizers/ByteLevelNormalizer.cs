using Llm42.Tokenization.Unicode;

namespace Llm42.Tokenization.Normalizers;

/// <summary>ByteLevel: writes each UTF-8 byte as a character of the byte alphabet.</summary>
internal sealed class ByteLevelNormalizer : Normalizer
{
    public override string Normalize(string text)
    {
        char[] result = new char[checked(text.Length * 3)];
        return new string(result, 0, ByteAlphabet.Write(text, result));
    }
}
