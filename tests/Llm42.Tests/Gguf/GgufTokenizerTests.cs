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
        var file = TinyModels.Llama();
        file = pre is null ? file.AddSentencePiece(folder, unused: 3) : file.AddByteLevel(folder, pre, unused: 3);
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

        // The large ones take long to load twice.
        if (pre is not null)
            return;
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
        using var model = GgufModel.Open(directory.Write("m.gguf", TinyModels.Llama().AddSentencePiece(folder).ToArray()));
        var json = JsonNode.Parse(new GgufTokenizer(model.Path, model.Metadata).ToJson())!;
        string[] derived = [.. json["model"]!["merges"]!.AsArray().Select(pair => $"{pair![0]} {pair[1]}")];
        string[] expected = [.. JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "tokenizer.json")))!["model"]!["merges"]!
            .AsArray().Select(merge => (string)merge!)];
        CollectionAssert.AreEqual(expected, derived);
    }

    [TestMethod]
    public void End_tokens_are_those_that_metadata_name_and_those_that_go_by_a_known_name()
    {
        using var directory = new TemporaryDirectory();
        using var model = GgufModel.Open(directory.Write("m.gguf", TinyByteLevel()
            .Set("tokenizer.ggml.eos_token_id", 4u).Add("tokenizer.ggml.eot_token_id", 1u).ToArray()));
        int[] ends = [.. new GgufTokenizer(model.Path, model.Metadata).EndTokens()];
        // Of the two that are called so, token 3 is a part of the text.
        CollectionAssert.AreEqual(new[] { 1, 4, 5 }, ends);
    }

    [TestMethod]
    public void Special_tokens_are_added_as_metadata_say_or_else_as_the_name_of_the_words_says()
    {
        (string Pre, bool? Bos, bool? Eos, int[] Expected)[] cases =
        [
            ("gpt-2", null, null, [0]), ("gpt-2", true, null, [4, 0]), ("gpt-2", false, true, [0, 4]),
            ("llama-bpe", null, null, [4, 0]), ("llama-bpe", false, false, [0]), ("default", true, true, [4, 0, 4]),
        ];
        foreach (var (pre, bos, eos, expected) in cases)
        {
            var file = TinyByteLevel().Set("tokenizer.ggml.pre", pre).Set("tokenizer.ggml.bos_token_id", 4u).Set("tokenizer.ggml.eos_token_id", 4u)
                .Set("tokenizer.ggml.add_bos_token", bos).Set("tokenizer.ggml.add_eos_token", eos);
            var tokenizer = Load(file);
            CollectionAssert.AreEqual(expected, tokenizer.Encode("a", addSpecialTokens: true), $"{pre} {bos} {eos}");
            CollectionAssert.AreEqual(new[] { 0 }, tokenizer.Encode("a", addSpecialTokens: false));
        }
    }

    [TestMethod]
    public void Every_known_name_of_words_has_patterns_that_can_be_read()
    {
        var error = Assert.ThrowsExactly<ModelFormatException>(() => Load(TinyByteLevel().Set("tokenizer.ggml.pre", "bloom")));
        Assert.Contains("tokenizer.ggml.pre must be one of llama-bpe, ", error.Message);
        Assert.Contains(", default, found \"bloom\"", error.Message);
        var names = error.Message.Split("one of ")[1].Split(", found")[0].Split(", ");
        Assert.HasCount(20, names);
        foreach (var name in names)
        {
            var tokenizer = Load(TinyByteLevel().Set("tokenizer.ggml.pre", name).Add("tokenizer.ggml.add_bos_token", false));
            CollectionAssert.AreEqual(new[] { 0, 2 }, tokenizer.Encode("ab", addSpecialTokens: true), name);
        }
    }

    [TestMethod]
    public void A_space_goes_in_front_unless_metadata_say_otherwise()
    {
        var with = Load(TinySentencePiece());
        CollectionAssert.AreEqual(new[] { 1, 5 }, with.Encode("a", addSpecialTokens: true));
        Assert.AreEqual("a", with.Decode([5], skipSpecialTokens: true));
        var without = Load(TinySentencePiece().Add("tokenizer.ggml.add_space_prefix", false));
        CollectionAssert.AreEqual(new[] { 1, 4 }, without.Encode("a", addSpecialTokens: true));
        Assert.AreEqual(" a", without.Decode([5], skipSpecialTokens: true));
    }

    [TestMethod]
    [DataRow("tokenizer.ggml.model", "bert", "tokenizer.ggml.model must be \"gpt2\" (byte-level BPE) or \"llama\" (SentencePiece BPE), found \"bert\"")]
    [DataRow("tokenizer.ggml.pre", null, "the metadata have no \"tokenizer.ggml.pre\"")]
    [DataRow("tokenizer.ggml.merges", null, "the metadata have no \"tokenizer.ggml.merges\"")]
    [DataRow("tokenizer.ggml.tokens", null, "the metadata have no \"tokenizer.ggml.tokens\"")]
    [DataRow("tokenizer.ggml.tokens", new[] { "a", "b", "a" }, "tokenizer.ggml.token_type must be an array of 3 integers, one for each of tokenizer.ggml.tokens")]
    [DataRow("tokenizer.ggml.tokens", new[] { "a", "b", "a", "d", "e", "f" }, "tokenizer.ggml.tokens[2] is \"a\", and so is tokenizer.ggml.tokens[0]")]
    [DataRow("tokenizer.ggml.token_type", new[] { 1, 1, 1, 1, 1, 7 }, "tokenizer.ggml.token_type[5] must be an integer from 0 to 6, found 7")]
    [DataRow("tokenizer.ggml.add_bos_token", true, "the metadata have no \"tokenizer.ggml.bos_token_id\"")]
    [DataRow("tokenizer.ggml.bos_token_id", 6u, "tokenizer.ggml.bos_token_id must be an integer from 0 to 5, found 6")]
    public void Metadata_that_make_no_tokenizer_are_refused_by_key(string key, object? value, string expected)
    {
        var file = TinyByteLevel().Set("tokenizer.ggml.add_bos_token", key.Contains("bos", StringComparison.Ordinal) ? true : null).Set(key, value);
        var error = Assert.ThrowsExactly<ModelFormatException>(() => Load(file));
        Assert.Contains(expected, error.Message);
    }

    [TestMethod]
    public void Merges_that_name_no_token_are_refused()
    {
        var error = Assert.ThrowsExactly<TokenizerFormatException>(() => Load(TinyByteLevel().Set("tokenizer.ggml.merges", new[] { "a c" })));
        Assert.Contains("m.gguf: $.model.merges: merge 0: the token \"c\" is not in the vocabulary", error.Message);
    }

    [TestMethod]
    public void Scores_that_do_not_fit_and_endless_pieces_are_refused()
    {
        (GgufBytes File, string Expected)[] cases =
        [
            (TinySentencePiece().Set("tokenizer.ggml.scores", null), "the metadata have no \"tokenizer.ggml.scores\""),
            (TinySentencePiece().Set("tokenizer.ggml.scores", new[] { 1f }), "tokenizer.ggml.scores must be an array of 6 floats"),
            (TinySentencePiece().Set("tokenizer.ggml.scores", new[] { 1f, 1, 1, 1, 1, float.NaN }), "none of them NaN"),
            (TinySentencePiece(new string('a', 257)), "tokenizer.ggml.tokens[5] has 257 characters; pieces have at most 256"),
        ];
        foreach (var (file, expected) in cases)
            Assert.Contains(expected, Assert.ThrowsExactly<ModelFormatException>(() => Load(file)).Message);
    }

    private static GgufBytes TinyByteLevel() => TinyModels.Llama()
        .Add("tokenizer.ggml.model", "gpt2").Add("tokenizer.ggml.pre", "gpt-2")
        .Add("tokenizer.ggml.tokens", new[] { "a", "end", "b", "<|im_end|>", "<s>", "<|eot_id|>" })
        .Add("tokenizer.ggml.token_type", new[] { 1, 3, 1, 1, 3, 3 })
        .Add("tokenizer.ggml.merges", Array.Empty<string>());

    private static GgufBytes TinySentencePiece(string last = "▁a") => TinyModels.Llama()
        .Add("tokenizer.ggml.model", "llama")
        .Add("tokenizer.ggml.tokens", new[] { "<unk>", "<s>", "</s>", "▁", "a", last })
        .Add("tokenizer.ggml.token_type", new[] { 2, 3, 3, 1, 1, 1 })
        .Add("tokenizer.ggml.scores", new[] { 0f, 0, 0, -3, -2, -1 })
        .Add("tokenizer.ggml.bos_token_id", 1u).Add("tokenizer.ggml.eos_token_id", 2u);

    private static BpeTokenizer Load(GgufBytes file)
    {
        using var directory = new TemporaryDirectory();
        using var files = ModelFileSet.Open(directory.Write("m.gguf", file.ToArray()));
        return files.LoadTokenizer()!;
    }
}
