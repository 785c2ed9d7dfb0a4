using Llm42.Tokenization.Unicode;

namespace Llm42.Tokenization.Normalizers;

/// <summary>NFC, NFD, NFKC and NFKD.</summary>
internal sealed class UnicodeFormNormalizer(bool compatibility, bool compose) : Normalizer
{
    public override string Normalize(string text) => UnicodeNormalization.Normalize(text, compatibility, compose);
}
