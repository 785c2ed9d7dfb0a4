using System.Text.Json.Nodes;
using Llm42.Testing;
using Llm42.Tokenization;

namespace Llm42.Tests.Tokenization;

/// <summary>Real tokenizers against what the Rust tokenizers library makes of the same texts.</summary>
[TestClass]
public sealed class HubVectorTests
{
    [TestMethod]
    [DataRow("qwen3")]
    [DataRow("llama3_1")]
    [DataRow("llama2")]
    public void Ids_and_texts_equal_the_Rust_librarys(string name)
    {
        string folder = RepositoryRoot.InShared($"data/tokenizers/{name}");
        BpeTokenizer tokenizer = TokenizerJson.Load(folder);
        JsonArray cases = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "vectors.json")))!["cases"]!.AsArray();

        Assert.HasCount(166, cases);
        foreach (JsonNode? vector in cases)
        {
            string text = (string)vector!["text"]!;
            int[] ids = [.. vector["ids"]!.AsArray().Select(id => (int)id!)];
            int[] withSpecial = [.. vector["ids_with_special"]!.AsArray().Select(id => (int)id!)];
            CollectionAssert.AreEqual(ids, tokenizer.Encode(text, addSpecialTokens: false), text);
            CollectionAssert.AreEqual(withSpecial, tokenizer.Encode(text, addSpecialTokens: true), text);
            Assert.AreEqual((string)vector["decoded"]!, tokenizer.Decode(ids, skipSpecialTokens: false), text);
        }
    }

    [TestMethod]
    [DataRow("stories260k-f32", "stories260k-f32.json")]
    [DataRow("stories260k-bf16", "stories260k-bf16.json")]
    public void Prompts_of_the_golden_runs_have_their_ids(string model, string golden)
    {
        BpeTokenizer tokenizer = TokenizerJson.Load(RepositoryRoot.InShared($"data/models/{model}"));
        JsonNode file = JsonNode.Parse(File.ReadAllText(RepositoryRoot.InShared($"data/golden/{golden}")))!;

        foreach (JsonNode? run in file["cases"]!.AsArray())
        {
            int[] expected = [.. run!["prompt_ids"]!.AsArray().Select(id => (int)id!)];
            CollectionAssert.AreEqual(expected, tokenizer.Encode((string)run["prompt"]!, addSpecialTokens: true));
        }
    }

    [TestMethod]
    public void The_demo_models_tokenizer_begins_with_its_token_and_round_trips()
    {
        string folder = RepositoryRoot.InShared("demo-model");
        BpeTokenizer tokenizer = TokenizerJson.Load(folder);
        const string Text = "In the beginning, God's 7 heavens -- and Ωμέγα 🌍!\n\n  Thus.";

        int[] ids = tokenizer.Encode(Text, addSpecialTokens: true);

        Assert.IsTrue(tokenizer.TryGetId(TokenizerConfig.Load(folder).BosToken!, out int bos));
        Assert.AreEqual(bos, ids[0]);
        Assert.AreEqual(2048, tokenizer.VocabularySize);
        Assert.AreEqual(Text, tokenizer.Decode(ids, skipSpecialTokens: true));
        Assert.AreEqual("<|begin|>" + Text, tokenizer.Decode(ids, skipSpecialTokens: false));
    }
}
