using System.Text;
using System.Text.Json.Nodes;
using Llm42.Tokenization;

namespace Llm42.Tests.Tokenization;

/// <summary>Files that are valid JSON and wrong in any other way: an error that says where, or a tokenizer that works.</summary>
[TestClass]
public sealed class TokenizerFuzzTests
{
    private const string Text = "the té <s> 日本 aaaaaaaaaaaaaaaa  12345 <|end|>\n\n x😀\u0301";

    private static readonly string[] Values =
    [
        "null", "true", "-1", "0", "1", "1e300", "4194303", "4194304", "2147483648", "0.5", "\"\"", "\"a\"", "\"\\uD83D\\uDE00\"", "[]", "{}",
        "[[[[[[[[]]]]]]]]", """{"type": "Sequence"}""", """{"type": "NFKC"}""", """{"type": "Split"}""", """{"type": "Fuse"}""", """{"type": "ByteFallback"}""",
        """{"Regex": "(a+)+b"}""", """{"Regex": "(?:a|aa)+$"}""", """{"Regex": "a{1,100000}"}""", """{"Regex": "[^a&&[b-z]]*"}""", """{"Regex": "\\s*"}""",
        """{"Regex": ""}""", """{"String": ""}""", """{"String": "a"}""", """{"Regex": "(?<=a)|(?!b)"}""", """["a", "b"]""", "\"a b\"", "\"Removed\"", "\"first\"",
        """{"type": "Replace", "pattern": {"String": "a"}, "content": "aaaa"}""", """{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first"}""",
        """{"type": "Strip", "content": " ", "start": 1024, "stop": 1024}""", """{"type": "RobertaProcessing", "cls": ["a", 0], "sep": ["a", 1]}""",
        """{"type": "Split", "pattern": {"Regex": "a|\\p{L}+"}, "behavior": "MergedWithNext", "invert": true}""",
        """{"id": 3, "content": "a", "lstrip": true, "rstrip": true, "single_word": true, "normalized": true}""",
    ];

    [TestMethod]
    public void Parts_changed_at_random_never_crash_it()
    {
        JsonObject[] files = [TestTokenizers.ByteLevel(), TestTokenizers.SentencePiece()];
        int loaded = 0;
        for (int seed = 0; seed < 1500; seed++)
        {
            var random = new Random(seed);
            JsonObject file = files[random.Next(files.Length)].DeepClone().AsObject();
            for (int i = random.Next(1, 4); i > 0; i--)
            {
                Change(file, random);
            }

            string json = file.ToJsonString();
            try
            {
                BpeTokenizer tokenizer = TokenizerJson.Parse("test.json", Encoding.UTF8.GetBytes(json));
                loaded++;
                int[] ids = tokenizer.Encode(Text, addSpecialTokens: true);
                tokenizer.Decode(ids, skipSpecialTokens: false);
            }
            catch (TokenizerFormatException error)
            {
                StringAssert.StartsWith(error.Message, "test.json: $", $"seed {seed}");
            }
            catch (InvalidOperationException error) when (error.Message.StartsWith("The tokenizer's ", StringComparison.Ordinal))
            {
                // A pattern or a chain of parts that costs too much shows only with a text.
            }
            catch (Exception error)
            {
                Assert.Fail($"seed {seed}: {error}\n{json}");
            }
        }

        Assert.IsGreaterThan(100, loaded);
    }

    [TestMethod]
    public void Normalizers_that_multiply_a_text_are_an_error()
    {
        JsonObject file = TestTokenizers.ByteLevel();
        file["normalizer"] = Sequence("normalizers", 60);

        InvalidOperationException error = Assert.ThrowsExactly<InvalidOperationException>(
            () => TestTokenizers.Load(file).Encode("aaaaaaaa", addSpecialTokens: false));

        StringAssert.Contains(error.Message, "normalizers", StringComparison.Ordinal);
    }

    [TestMethod]
    public void Decoders_that_multiply_a_token_are_an_error()
    {
        JsonObject file = TestTokenizers.ByteLevel();
        file["decoder"] = Sequence("decoders", 60);
        BpeTokenizer tokenizer = TestTokenizers.Load(file);

        InvalidOperationException error = Assert.ThrowsExactly<InvalidOperationException>(() => tokenizer.Decode([97], skipSpecialTokens: false));

        StringAssert.Contains(error.Message, "decoders", StringComparison.Ordinal);
    }

    private static JsonObject Sequence(string field, int count) => new()
    {
        ["type"] = "Sequence",
        [field] = new JsonArray([.. Enumerable.Range(0, count).Select(_ => TestTokenizers.Object(
            """{"type": "Replace", "pattern": {"String": "a"}, "content": "aaaaaaaaaaaaaaaa"}"""))]),
    };

    /// <summary>Replaces, removes or adds one value somewhere.</summary>
    private static void Change(JsonNode file, Random random)
    {
        JsonNode node = file;
        while (true)
        {
            // The vocabulary is most of a file, and little of what can go wrong.
            int count = node is JsonObject o ? o.Count : ((JsonArray)node).Count;
            int index = random.Next(count + 1);
            JsonNode value = JsonNode.Parse(Values[random.Next(Values.Length)]) ?? JsonValue.Create("x");
            if (node is JsonObject map)
            {
                if (index == count)
                {
                    map["content"] = value;
                    return;
                }

                string key = map.ElementAt(index).Key;
                if (map[key] is JsonObject or JsonArray && random.Next(4) > 0)
                {
                    node = map[key]!;
                    continue;
                }

                map[key] = random.Next(8) == 0 ? null : value;
                return;
            }

            var list = (JsonArray)node;
            if (index == count)
            {
                list.Add(value);
            }
            else if (list[index] is JsonObject or JsonArray && random.Next(4) > 0)
            {
                node = list[index]!;
                continue;
            }
            else
            {
                list[index] = value;
            }

            return;
        }
    }
}
