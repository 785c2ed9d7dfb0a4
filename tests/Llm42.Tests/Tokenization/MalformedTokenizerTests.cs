using System.Text;
using System.Text.Json.Nodes;
using Llm42.Tokenization;

namespace Llm42.Tests.Tokenization;

[TestClass]
public sealed class MalformedTokenizerTests
{
    [TestMethod]
    public void The_unchanged_file_loads() => Assert.AreEqual(266, TestTokenizers.Load(TestTokenizers.ByteLevel()).VocabularySize);

    [TestMethod]
    [DataRow("normalizer", """{"type": "BertNormalizer"}""", "$.normalizer", "BertNormalizer")]
    [DataRow("normalizer", """{"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Precompiled"}]}""", "$.normalizer.normalizers[1]", "Precompiled")]
    [DataRow("normalizer", """{"type": "Sequence", "normalizers": {}}""", "$.normalizer.normalizers", "an array")]
    [DataRow("normalizer", """{"type": "Replace", "pattern": {"Regex": "("}, "content": ""}""", "$.normalizer.pattern.Regex", "not closed")]
    [DataRow("normalizer", """{"type": "Replace", "pattern": "a", "content": ""}""", "$.normalizer.pattern", "an object")]
    [DataRow("normalizer", """{"type": "Prepend"}""", "$.normalizer", "prepend")]
    [DataRow("normalizer", """{"type": 3}""", "$.normalizer.type", "a string")]
    [DataRow("normalizer", "[]", "$.normalizer", "an object")]
    [DataRow("normalizer", "{}", "$.normalizer", "type")]
    [DataRow("pre_tokenizer", """{"type": "UnicodeScripts"}""", "$.pre_tokenizer", "UnicodeScripts")]
    [DataRow("pre_tokenizer", """{"type": "CharDelimiterSplit", "delimiter": "ab"}""", "$.pre_tokenizer.delimiter", "one character")]
    [DataRow("pre_tokenizer", """{"type": "Split", "pattern": {"Regex": "a{1,100000}"}, "behavior": "Removed"}""", "$.pre_tokenizer.pattern.Regex", "1000")]
    [DataRow("pre_tokenizer", """{"type": "Split", "pattern": {"String": "a"}, "behavior": "Sideways"}""", "$.pre_tokenizer.behavior", "Sideways")]
    [DataRow("pre_tokenizer", """{"type": "Split", "pattern": {"Glob": "a"}, "behavior": "Removed"}""", "$.pre_tokenizer.pattern", "Regex")]
    [DataRow("pre_tokenizer", """{"type": "Metaspace", "replacement": "ab"}""", "$.pre_tokenizer.replacement", "one character")]
    [DataRow("pre_tokenizer", """{"type": "Metaspace", "replacement": "a", "prepend_scheme": "last"}""", "$.pre_tokenizer.prepend_scheme", "last")]
    [DataRow("pre_tokenizer", """{"type": "Metaspace", "replacement": "a", "prepend_scheme": "first", "add_prefix_space": false}""", "$.pre_tokenizer.prepend_scheme", "contradicts")]
    [DataRow("pre_tokenizer", """{"type": "ByteLevel", "add_prefix_space": "yes"}""", "$.pre_tokenizer.add_prefix_space", "true or false")]
    [DataRow("post_processor", """{"type": "BertProcessing"}""", "$.post_processor", "\"cls\"")]
    [DataRow("post_processor", """{"type": "RobertaProcessing", "cls": ["a", 999], "sep": ["b", 98]}""", "$.post_processor.cls[1]", "999")]
    [DataRow("post_processor", """{"type": "RobertaProcessing", "cls": ["a", 97], "sep": ["b"]}""", "$.post_processor.sep", "1 values")]
    [DataRow("post_processor", """{"type": "RobertaProcessing", "cls": [97, 97], "sep": ["b", 98]}""", "$.post_processor.cls[0]", "a token")]
    [DataRow("post_processor", """{"type": "PairProcessing"}""", "$.post_processor", "PairProcessing")]
    [DataRow("post_processor", """{"type": "TemplateProcessing", "single": [{"Sequence": {"id": "B"}}]}""", "$.post_processor.single[0].Sequence.id", "\"A\"")]
    [DataRow("post_processor", """{"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "x"}}], "special_tokens": {}}""", "$.post_processor.special_tokens", "\"x\"")]
    [DataRow("post_processor", """{"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "x"}}], "special_tokens": {"x": {"ids": [999]}}}""", "$.post_processor.special_tokens.x.ids[0]", "999")]
    [DataRow("post_processor", """{"type": "TemplateProcessing", "single": [{}]}""", "$.post_processor.single[0]", "Sequence")]
    [DataRow("decoder", """{"type": "CTC"}""", "$.decoder", "CTC")]
    [DataRow("decoder", """{"type": "Sequence", "decoders": [{"type": "Fuse"}, {"type": "CTC"}]}""", "$.decoder.decoders[1]", "CTC")]
    [DataRow("decoder", """{"type": "Strip", "content": " ", "start": -1, "stop": 0}""", "$.decoder.start", "-1")]
    [DataRow("decoder", """{"type": "Strip", "content": " ", "start": 1e9, "stop": 0}""", "$.decoder.start", "1e9")]
    [DataRow("decoder", """{"type": "BPEDecoder", "suffix": ""}""", "$.decoder", "empty")]
    [DataRow("model", """{"type": "Unigram", "vocab": []}""", "$.model", "Unigram")]
    [DataRow("model", """{"vocab": {}}""", "$.model", "type")]
    [DataRow("model", """{"type": "BPE", "merges": []}""", "$.model", "vocab")]
    [DataRow("model", """{"type": "BPE", "vocab": {}}""", "$.model", "merges")]
    [DataRow("model", """{"type": "BPE", "vocab": [], "merges": []}""", "$.model.vocab", "an object")]
    [DataRow("model", """{"type": "BPE", "vocab": {"a": -1}, "merges": []}""", "$.model.vocab", "-1")]
    [DataRow("model", """{"type": "BPE", "vocab": {"a": 2147483647}, "merges": []}""", "$.model.vocab", "2147483647")]
    [DataRow("model", """{"type": "BPE", "vocab": {"a": 99999999999999999999}, "merges": []}""", "$.model.vocab", "99999999999999999999")]
    [DataRow("model", """{"type": "BPE", "vocab": {"a": 1.5}, "merges": []}""", "$.model.vocab", "1.5")]
    [DataRow("model", """{"type": "BPE", "vocab": {"a": "1"}, "merges": []}""", "$.model.vocab", "integer")]
    [DataRow("model", """{"type": "BPE", "vocab": {"a": 1, "b": 1}, "merges": []}""", "$.model.vocab", "both \"a\" and \"b\"")]
    [DataRow("model", """{"type": "BPE", "vocab": {"a": 1}, "merges": {}}""", "$.model.merges", "array")]
    [DataRow("model", """{"type": "BPE", "vocab": {"a": 1}, "merges": ["a b"]}""", "$.model.merges", "merge 0: the token \"b\"")]
    [DataRow("model", """{"type": "BPE", "vocab": {"a": 1, "b": 2}, "merges": [["a", "b"]]}""", "$.model.merges", "\"ab\"")]
    [DataRow("model", """{"type": "BPE", "vocab": {"a": 1}, "merges": ["a a a"]}""", "$.model.merges", "a a a")]
    [DataRow("model", """{"type": "BPE", "vocab": {"a": 1}, "merges": [["a"]]}""", "$.model.merges", "merge 0")]
    [DataRow("model", """{"type": "BPE", "vocab": {"a": 1}, "merges": [7]}""", "$.model.merges", "7")]
    [DataRow("model", """{"type": "BPE", "vocab": {"a": 1, "b": 2}, "merges": [["a", "b"]], "continuing_subword_prefix": "##"}""", "$.model.merges", "shorter")]
    [DataRow("model", """{"type": "BPE", "vocab": {"a": 1}, "merges": [], "unk_token": "?"}""", "$.model.unk_token", "\"?\"")]
    [DataRow("model", """{"type": "BPE", "vocab": {"a": 1}, "merges": [], "dropout": 0.1}""", "$.model.dropout", "dropout")]
    [DataRow("model", """{"type": "BPE", "vocab": {"a": 1}, "merges": [], "byte_fallback": 1}""", "$.model.byte_fallback", "true or false")]
    [DataRow("added_tokens", """[{"id": 70, "content": "new"}]""", "$.added_tokens", "70")]
    [DataRow("added_tokens", """[{"id": 300, "content": "a"}]""", "$.added_tokens", "300")]
    [DataRow("added_tokens", """[{"id": 300, "content": "x"}, {"id": 300, "content": "y"}]""", "$.added_tokens", "300")]
    [DataRow("added_tokens", """[{"id": -1, "content": "new"}]""", "$.added_tokens[0].id", "-1")]
    [DataRow("added_tokens", """[{"id": 2000000000, "content": "new"}]""", "$.added_tokens[0].id", "2000000000")]
    [DataRow("added_tokens", """[{"content": "new"}]""", "$.added_tokens[0]", "\"id\"")]
    [DataRow("added_tokens", """[{"id": 300}]""", "$.added_tokens[0]", "\"content\"")]
    [DataRow("added_tokens", """[{"id": 300, "content": ""}]""", "$.added_tokens[0].content", "1 to 512")]
    [DataRow("added_tokens", "7", "$.added_tokens", "an array")]
    [DataRow("model", "null", "$", "model")]
    public void Errors_name_the_file_the_place_and_the_value(string part, string json, string path, string named)
    {
        JsonObject file = TestTokenizers.ByteLevel();
        file[part] = JsonNode.Parse(json);

        TokenizerFormatException error = Assert.ThrowsExactly<TokenizerFormatException>(() => TestTokenizers.Load(file));

        Assert.AreEqual(path, error.Path);
        StringAssert.Contains(error.Message, named, StringComparison.Ordinal);
        StringAssert.StartsWith(error.Message, "test.json: ", StringComparison.Ordinal);
    }

    [TestMethod]
    [DataRow("")]
    [DataRow("{")]
    [DataRow("[]")]
    [DataRow("null")]
    [DataRow("{\"model\": {\"type\": \"BPE\", \"vocab\": {\"\\ud800\": 0}, \"merges\": []}}")]
    [DataRow("{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0, \"a\": 1}, \"merges\": []}}")]
    [DataRow("{\"model\": {\"type\": \"\\udc00\"}}")]
    [DataRow("{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0}, \"merges\": [\"\\ud800 a\"]}}")]
    [DataRow("{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0}, \"merges\": []}, \"added_tokens\": [{\"id\": 1, \"content\": \"\\ud800\"}]}")]
    public void Broken_JSON_and_broken_Unicode_are_refused(string json) =>
        Assert.ThrowsExactly<TokenizerFormatException>(() => TokenizerJson.Parse("test.json", Encoding.UTF8.GetBytes(json)));

    [TestMethod]
    public void Deep_JSON_is_refused()
    {
        string json = string.Concat(Enumerable.Repeat("{\"normalizer\":", 100_000));

        Assert.ThrowsExactly<TokenizerFormatException>(() => TokenizerJson.Parse("test.json", Encoding.UTF8.GetBytes(json)));
    }

    [TestMethod]
    public void A_file_cut_off_anywhere_is_refused()
    {
        byte[] file = Encoding.UTF8.GetBytes(TestTokenizers.SentencePiece().ToJsonString());
        for (int length = 0; length < file.Length; length += 13)
        {
            Assert.ThrowsExactly<TokenizerFormatException>(() => TokenizerJson.Parse("test.json", file.AsMemory(0, length)), $"{length} bytes");
        }
    }

    [TestMethod]
    public void Bytes_changed_at_random_never_crash_it()
    {
        byte[] file = Encoding.UTF8.GetBytes(TestTokenizers.SentencePiece().ToJsonString());
        for (int seed = 0; seed < 500; seed++)
        {
            var random = new Random(seed);
            byte[] changed = [.. file];
            for (int i = random.Next(1, 4); i > 0; i--)
            {
                changed[random.Next(changed.Length)] = (byte)random.Next(256);
            }

            try
            {
                TokenizerJson.Parse("test.json", changed).Encode("the té <s> 日本", addSpecialTokens: true);
            }
            catch (TokenizerFormatException)
            {
                // The expected answer; any other exception fails the test.
            }
            catch (Exception exception)
            {
                Assert.Fail($"seed {seed}: {exception}");
            }
        }
    }

    [TestMethod]
    public void A_missing_file_is_named()
    {
        string path = Path.Combine(AppContext.BaseDirectory, "absent", "tokenizer.json");

        FileNotFoundException error = Assert.ThrowsExactly<FileNotFoundException>(() => TokenizerJson.Load(path));

        Assert.AreEqual(path, error.FileName);
    }

    [TestMethod]
    [DataRow("tokenizer.model")]
    [DataRow("vocab.json")]
    public void Another_form_of_tokenizer_is_named_with_the_way_out(string other)
    {
        string folder = Directory.CreateTempSubdirectory("llm42-tokenizer-").FullName;
        try
        {
            File.WriteAllText(Path.Combine(folder, other), "");

            FileNotFoundException error = Assert.ThrowsExactly<FileNotFoundException>(() => TokenizerJson.Load(folder));

            StringAssert.Contains(error.Message, other + " beside it is not read", StringComparison.Ordinal);
            StringAssert.Contains(error.Message, "save_pretrained", StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [TestMethod]
    public void The_fingerprint_is_the_files_SHA_256()
    {
        byte[] file = Encoding.UTF8.GetBytes(TestTokenizers.ByteLevel().ToJsonString());
        string expected = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(file));

        Assert.AreEqual(expected, TokenizerJson.Parse("test.json", file).Fingerprint);
        Assert.AreNotEqual(expected, TestTokenizers.Load(TestTokenizers.SentencePiece()).Fingerprint);
    }
}
