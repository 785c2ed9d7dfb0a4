using Llm42.Tokenization.Json;
using Llm42.Tokenization.Regexes;
using Llm42.Tokenization.Unicode;

namespace Llm42.Tokenization.PreTokenizers;

/// <summary>Reads "pre_tokenizer" as a flat list: a sequence is its members.</summary>
internal static class PreTokenizerReader
{
    private const string Supported =
        "ByteLevel, Split, Digits, Whitespace, WhitespaceSplit, Metaspace, Punctuation, BertPreTokenizer, CharDelimiterSplit and Sequence";

    public static PreTokenizer[] Read(JsonNode root) =>
        root.TryGet("pre_tokenizer", out JsonNode node) ? [.. ReadFlat(node)] : [];

    private static IEnumerable<PreTokenizer> ReadFlat(JsonNode node) => node.Type() switch
    {
        "Sequence" => node.Required("pretokenizers").Items().SelectMany(ReadFlat),
        "BertPreTokenizer" =>
        [
            new CharacterPreTokenizer(CodePointSet.WhiteSpace, SplitBehavior.Removed),
            new CharacterPreTokenizer(CodePointSet.Punctuation, SplitBehavior.Isolated),
        ],
        _ => [ReadOne(node)],
    };

    private static PreTokenizer ReadOne(JsonNode node)
    {
        string type = node.Type();
        switch (type)
        {
            case "ByteLevel":
                return new ByteLevelPreTokenizer(node.Required("add_prefix_space").Bool(), node.OptionalBool("use_regex", true));
            case "Split":
                return new PatternPreTokenizer(node.Pattern("pattern"), Behavior(node.Required("behavior")), node.OptionalBool("invert", false));
            case "Digits":
                return new CharacterPreTokenizer(
                    CodePointSet.Numeric,
                    node.OptionalBool("individual_digits", false) ? SplitBehavior.Isolated : SplitBehavior.Contiguous);
            case "Whitespace":
                return new WhitespacePreTokenizer();
            case "WhitespaceSplit":
                return new CharacterPreTokenizer(CodePointSet.WhiteSpace, SplitBehavior.Removed);
            case "CharDelimiterSplit":
                return new PatternPreTokenizer(
                    new LiteralTextPattern(node.CodePoint("delimiter")), SplitBehavior.Removed, invert: false);
            case "Metaspace":
                return Metaspace(node);
            case "Punctuation":
                return new CharacterPreTokenizer(
                    CodePointSet.Punctuation,
                    node.TryGet("behavior", out JsonNode behavior) ? Behavior(behavior) : SplitBehavior.Isolated);
            default:
                throw node.Unsupported("pre-tokenizer", type, Supported);
        }
    }

    private static MetaspacePreTokenizer Metaspace(JsonNode node) =>
        new(node.Character("replacement"), ReadPrependScheme(node), node.OptionalBool("split", true));

    /// <summary>Reads "prepend_scheme", or the older "add_prefix_space" that it replaces.</summary>
    public static PrependScheme ReadPrependScheme(JsonNode node)
    {
        bool addPrefixSpace = node.OptionalBool("add_prefix_space", true);
        if (!node.TryGet("prepend_scheme", out JsonNode scheme))
        {
            return addPrefixSpace ? PrependScheme.Always : PrependScheme.Never;
        }

        PrependScheme result = scheme.String() switch
        {
            "always" => PrependScheme.Always,
            "first" => PrependScheme.First,
            "never" => PrependScheme.Never,
            string other => throw scheme.Error($"the scheme \"{JsonNode.Shorten(other)}\" is not one of always, first and never"),
        };
        return addPrefixSpace || result == PrependScheme.Never
            ? result
            : throw scheme.Error("the scheme contradicts \"add_prefix_space\": false");
    }

    private static SplitBehavior Behavior(JsonNode node) => node.String() switch
    {
        "Removed" => SplitBehavior.Removed,
        "Isolated" => SplitBehavior.Isolated,
        "MergedWithPrevious" => SplitBehavior.MergedWithPrevious,
        "MergedWithNext" => SplitBehavior.MergedWithNext,
        "Contiguous" => SplitBehavior.Contiguous,
        string other => throw node.Error($"the behavior \"{JsonNode.Shorten(other)}\" is not supported; "
            + "supported are Removed, Isolated, MergedWithPrevious, MergedWithNext and Contiguous"),
    };
}
