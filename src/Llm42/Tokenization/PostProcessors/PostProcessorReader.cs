using System.Text.Json;
using Llm42.Tokenization.Json;

namespace Llm42.Tokenization.PostProcessors;

/// <summary>Reads "post_processor" as the list of its templates; ByteLevel only trims offsets, which are not kept.</summary>
internal static class PostProcessorReader
{
    private const string Supported = "TemplateProcessing, RobertaProcessing, BertProcessing, ByteLevel and Sequence";

    public static SpecialTokenTemplate[] Read(JsonNode root, Vocabulary vocabulary) =>
        root.TryGet("post_processor", out JsonNode node) ? [.. ReadFlat(node, vocabulary)] : [];

    private static IEnumerable<SpecialTokenTemplate> ReadFlat(JsonNode node, Vocabulary vocabulary) => node.Type() switch
    {
        "Sequence" => node.Required("processors").Items().SelectMany(item => ReadFlat(item, vocabulary)),
        "ByteLevel" => [],
        "TemplateProcessing" => [ReadTemplate(node, vocabulary)],
        "RobertaProcessing" or "BertProcessing" => [ReadClassified(node, vocabulary)],
        string type => throw node.Unsupported("post-processor", type, Supported),
    };

    private static SpecialTokenTemplate ReadTemplate(JsonNode node, Vocabulary vocabulary)
    {
        var parts = new List<int[]?>();
        foreach (JsonNode piece in node.Required("single").Items())
        {
            if (piece.TryGet("SpecialToken", out JsonNode special))
            {
                JsonNode name = special.Required("id");
                JsonNode token = node.Required("special_tokens").Required(name.String());
                parts.Add([.. token.Required("ids").Items().Select(id => ReadId(id, vocabulary))]);
            }
            else if (piece.TryGet("Sequence", out JsonNode sequence))
            {
                JsonNode id = sequence.Required("id");
                parts.Add(id.String() == "A" ? null : throw id.Error("the template of a single text can name the sequence \"A\" only"));
            }
            else
            {
                throw piece.Error("expected {\"SpecialToken\": ...} or {\"Sequence\": ...}");
            }
        }

        return new SpecialTokenTemplate(parts);
    }

    /// <summary>One token before the text and one behind it, each written as [token, id].</summary>
    private static SpecialTokenTemplate ReadClassified(JsonNode node, Vocabulary vocabulary) =>
        new([[ReadPair(node.Required("cls"), vocabulary)], null, [ReadPair(node.Required("sep"), vocabulary)]]);

    private static int ReadPair(JsonNode node, Vocabulary vocabulary)
    {
        JsonNode[] parts = [.. node.Items()];
        if (parts.Length != 2)
        {
            throw node.Error($"expected a token and its id, found {parts.Length} values");
        }

        parts[0].Expect(JsonValueKind.String, "a token");
        return ReadId(parts[1], vocabulary);
    }

    private static int ReadId(JsonNode node, Vocabulary vocabulary)
    {
        int id = node.Int(0, Vocabulary.MaximumId);
        return vocabulary.Token(id) is not null ? id : throw node.Error($"no token has the id {id}");
    }
}
