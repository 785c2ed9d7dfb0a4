using System.Text;
using System.Text.Json.Nodes;
using Llm42.Tokenization;

namespace Llm42.Tests.Tokenization;

/// <summary>Small tokenizers that need no file.</summary>
internal static class TestTokenizers
{
    public static BpeTokenizer Load(JsonNode json) => TokenizerJson.Parse("test.json", Encoding.UTF8.GetBytes(json.ToJsonString()));

    /// <summary>A byte-level tokenizer with GPT-2's split, a few merges and one special token.</summary>
    public static JsonObject ByteLevel()
    {
        var vocab = new JsonObject();
        int next = 256;
        for (int value = 0; value < 256; value++)
        {
            bool isPrintable = value is >= 33 and <= 126 or >= 0xA1 and <= 0xAC or >= 0xAE;
            vocab.Add(((char)(isPrintable ? value : next++)).ToString(), value);
        }

        string[] merges = ["t h", "th e", "Ġ the", "Ġ Ġ", "ĠĠ ĠĠ", "a a", "aa aa", "Ã ©", "Ċ Ċ"];
        foreach (string merge in merges)
        {
            vocab.Add(merge.Replace(" ", "", StringComparison.Ordinal), vocab.Count);
        }

        JsonObject byteLevel = Object("""{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true}""");
        return new JsonObject
        {
            ["version"] = "1.0",
            ["added_tokens"] = new JsonArray(new JsonObject { ["id"] = vocab.Count, ["content"] = "<|end|>", ["special"] = true }),
            ["pre_tokenizer"] = byteLevel,
            ["decoder"] = byteLevel.DeepClone(),
            ["model"] = new JsonObject { ["type"] = "BPE", ["vocab"] = vocab, ["merges"] = Array(merges) },
        };
    }

    /// <summary>A tokenizer as SentencePiece makes them: a visible space, byte fallback, one leading space stripped.</summary>
    public static JsonObject SentencePiece()
    {
        var vocab = new JsonObject { ["<unk>"] = 0, ["<s>"] = 1, ["</s>"] = 2 };
        for (int value = 0; value < 256; value++)
        {
            vocab.Add($"<0x{value:X2}>", vocab.Count);
        }

        foreach (string token in (string[])["▁", "a", "t", "h", "e", "▁t", "he", "▁the", "▁▁", "é"])
        {
            vocab.Add(token, vocab.Count);
        }

        return new JsonObject
        {
            ["added_tokens"] = new JsonArray(
                Object("""{"id": 0, "content": "<unk>", "special": true}"""),
                Object("""{"id": 1, "content": "<s>", "special": true}"""),
                Object("""{"id": 2, "content": "</s>", "special": true}""")),
            ["normalizer"] = Object("""
                {"type": "Sequence", "normalizers": [
                  {"type": "Prepend", "prepend": "▁"}, {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]}
                """),
            ["decoder"] = Object("""
                {"type": "Sequence", "decoders": [
                  {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"},
                  {"type": "Strip", "content": " ", "start": 1, "stop": 0}]}
                """),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["unk_token"] = "<unk>",
                ["fuse_unk"] = true,
                ["byte_fallback"] = true,
                ["vocab"] = vocab,
                ["merges"] = Array("▁ t", "h e", "▁t he", "▁ ▁"),
            },
        };
    }

    public static JsonObject Object(string json) => JsonNode.Parse(json)!.AsObject();

    private static JsonArray Array(params string[] items) => new([.. items.Select(item => JsonValue.Create(item))]);
}
