using System.Text.Json.Nodes;
using Llm42.Gguf;
using Llm42.ModelFiles;
using Llm42.Testing;
using Llm42.Tokenization;

namespace Llm42.Tests.Gguf;

/// <summary>Tokenizers out of metadata give the ids that their tokenizer.json gives.</summary>
[TestClass]
public sealed class GgufTokenizerTests
{
    [TestMethod]
    [DataRow("qwen3", "qwen2")]
    [DataRow("llama3_1", "llama-bpe")]
    [DataRow("llama2", null)]
    public void Ids_and_texts_equal_those_of_tokenizer_json(string name, string? pre)
    {
        var folder = RepositoryRoot.InShared($"data/tokenizers/{name}");
        var file = TinyModel();
        file = pre is null ? file.AddSentencePiece(folder) : file.AddByteLevel(folder, pre);
        var tokenizer = Load(file);
        var cases = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "vectors.json")))!["cases"]!.AsArray();
        Assert.HasCount(166, cases);
        foreach (var vector in cases)
        {
            var text = (string)vector!["text"]!;
            int[] ids = [.. vector["ids"]!.AsArray().Select(id => (int)id!)];
            int[] withSpecial = [.. vector["ids_with_special"]!.AsArray().Select(id => (int)id!)];
            CollectionAssert.AreEqual(ids, tokenizer.Encode(text, addSpecialTokens: false), text);
            CollectionAssert.AreEqual(withSpecial, tokenizer.Encode(text, addSpecialTokens: true), text);
            Assert.AreEqual((string)vector["decoded"]!, tokenizer.Decode(ids, skipSpecialTokens: false), text);
        }

        var whole = TokenizerJson.Load(folder);
        Assert.AreEqual(whole.VocabularySize, tokenizer.VocabularySize);
        for (var id = 0; id < whole.VocabularySize; id++)
        {
            Assert.AreEqual(whole.IdToToken(id), tokenizer.IdToToken(id));
            Assert.AreEqual(whole.IsSpecial(id), tokenizer.IsSpecial(id), whole.IdToToken(id));
        }
    }

    [TestMethod]
    public void Merges_derived_from_scores_are_those_of_tokenizer_json()
    {
        var folder = RepositoryRoot.InShared("data/tokenizers/llama2");
        using var directory = new TemporaryDirectory();
        using var model = GgufModel.Open(directory.Write("m.gguf", TinyModel().AddSentencePiece(folder).ToArray()));
        var json = JsonNode.Parse(new GgufTokenizer(model.Path, model.Metadata).ToJson())!;
        string[] derived = [.. json["model"]!["merges"]!.AsArray().Select(pair => $"{pair![0]} {pair[1]}")];
        string[] expected = [.. JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "tokenizer.json")))!["model"]!["merges"]!
            .AsArray().Select(merge => (string)merge!)];
        CollectionAssert.AreEqual(expected, derived);
    }

    private static BpeTokenizer Load(GgufBytes file)
    {
        using var directory = new TemporaryDirectory();
        using var files = ModelFileSet.Open(directory.Write("m.gguf", file.ToArray()));
        return files.LoadTokenizer()!;
    }

    /// <summary>The config of a model, and of its weights the embedding alone.</summary>
    private static GgufBytes TinyModel() => new GgufBytes()
        .Add("general.architecture", "llama")
        .Add("llama.context_length", 64u).Add("llama.embedding_length", 4u).Add("llama.block_count", 1u)
        .Add("llama.feed_forward_length", 4u).Add("llama.attention.head_count", 1u)
        .Add("llama.attention.layer_norm_rms_epsilon", 1e-5f)
        .Add("token_embd.weight", [2, 4], GgufBytes.F32, new byte[32]);
}
