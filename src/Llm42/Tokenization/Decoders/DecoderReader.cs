using Llm42.Tokenization.Json;
using Llm42.Tokenization.PreTokenizers;

namespace Llm42.Tokenization.Decoders;

/// <summary>Reads "decoder" as a flat list of stages; each is a fresh prototype to be forked for a stream.</summary>
internal static class DecoderReader
{
    private const string Supported = "ByteLevel, Replace, ByteFallback, Fuse, Strip, Metaspace, BPEDecoder, WordPiece and Sequence";

    // A strip count is a number of single spaces; anything larger is not a real file.
    private const int MaximumStrip = 1024;

    public static DecoderStage[] Read(JsonNode root) =>
        root.TryGet("decoder", out JsonNode node) ? [.. ReadFlat(node)] : [new JoinStage()];

    private static IEnumerable<DecoderStage> ReadFlat(JsonNode node) => node.Type() == "Sequence"
        ? node.Required("decoders").Items().SelectMany(ReadFlat)
        : [ReadOne(node)];

    private static DecoderStage ReadOne(JsonNode node)
    {
        string type = node.Type();
        switch (type)
        {
            case "ByteLevel":
                return new ByteLevelStage();
            case "Replace":
                return new ReplaceStage(node.Pattern("pattern"), node.ShortString("content"));
            case "ByteFallback":
                return new ByteFallbackStage();
            case "Fuse":
                return new FuseStage();
            case "Strip":
                return new StripStage(
                    node.Character("content"),
                    node.Required("start").Int(0, MaximumStrip),
                    node.Required("stop").Int(0, MaximumStrip));
            case "Metaspace":
                return new MetaspaceStage(
                    node.Character("replacement"), PreTokenizerReader.ReadPrependScheme(node) != PrependScheme.Never);
            case "BPEDecoder":
                string suffix = node.OptionalString("suffix") ?? "</w>";
                return suffix.Length > 0 ? new WordSuffixStage(suffix) : throw node.Error("the suffix cannot be empty");
            case "WordPiece":
                return new WordPieceStage(node.OptionalString("prefix") ?? "##", node.OptionalBool("cleanup", true));
            default:
                throw node.Unsupported("decoder", type, Supported);
        }
    }
}
