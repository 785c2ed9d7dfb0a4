using Llm42.Tokenization.Json;

namespace Llm42.Tokenization.Normalizers;

/// <summary>Reads "normalizer".</summary>
internal static class NormalizerReader
{
    private const string Supported = "NFC, NFD, NFKC, NFKD, Lowercase, Replace, Prepend, Strip, StripAccents, Nmt, ByteLevel and Sequence";

    public static Normalizer? Read(JsonNode root) => root.TryGet("normalizer", out JsonNode node) ? ReadOne(node) : null;

    private static Normalizer ReadOne(JsonNode node)
    {
        string type = node.Type();
        switch (type)
        {
            case "NFC":
                return new UnicodeFormNormalizer(compatibility: false, compose: true);
            case "NFD":
                return new UnicodeFormNormalizer(compatibility: false, compose: false);
            case "NFKC":
                return new UnicodeFormNormalizer(compatibility: true, compose: true);
            case "NFKD":
                return new UnicodeFormNormalizer(compatibility: true, compose: false);
            case "Lowercase":
                return new LowercaseNormalizer();
            case "Replace":
                return new ReplaceNormalizer(node.Pattern("pattern"), node.ShortString("content"));
            case "Prepend":
                return new PrependNormalizer(node.ShortString("prepend"));
            case "Strip":
                return new StripNormalizer(node.Required("strip_left").Bool(), node.Required("strip_right").Bool());
            case "StripAccents":
                return new StripAccentsNormalizer();
            case "Nmt":
                return new NmtNormalizer();
            case "ByteLevel":
                return new ByteLevelNormalizer();
            case "Sequence":
                return new NormalizerSequence([.. node.Required("normalizers").Items().Select(ReadOne)]);
            default:
                throw node.Unsupported("normalizer", type, Supported);
        }
    }
}
