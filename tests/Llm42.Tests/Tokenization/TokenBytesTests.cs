using System.Text;
using Llm42.Testing;
using Llm42.Tokenization;

namespace Llm42.Tests.Tokenization;

[TestClass]
public sealed class TokenBytesTests
{
    private static readonly string[] Texts =
    [
        "The quick brown fox, 12345 times.\r\n\tIt's done!", "naïve café – 東京 \U0001F600\U0001F469\u200D\U0001F680 \u0301",
        "  two  spaces   ", "{\"a\": [1, 2.5e-3, null]}", "<0x41> \u2581", "\0\u0001\u007f",
    ];

    [TestMethod]
    [DataRow("llama2")]
    [DataRow("llama3_1")]
    [DataRow("qwen3")]
    public void Bytes_of_the_tokens_are_those_of_the_text(string name) =>
        Check(TokenizerJson.Load(RepositoryRoot.InShared($"data/tokenizers/{name}")), visibleSpace: name == "llama2");

    [TestMethod]
    public void Bytes_of_the_demo_models_tokens_are_those_of_the_text() =>
        Check(TokenizerJson.Load(RepositoryRoot.InRoot("src/Llm42.Cli/DemoModel")), visibleSpace: false);

    [TestMethod]
    public void Small_tokenizers_have_bytes_too()
    {
        Check(TestTokenizers.Load(TestTokenizers.ByteLevel()), visibleSpace: false);
        BpeTokenizer sentencePiece = TestTokenizers.Load(TestTokenizers.SentencePiece());
        Check(sentencePiece, visibleSpace: true);

        Assert.IsTrue(sentencePiece.TryGetId("<0xE2>", out int id));
        CollectionAssert.AreEqual((byte[])[0xE2], sentencePiece.GetTokenBytes(id));
        Assert.IsTrue(sentencePiece.TryGetId("\u2581the", out id));
        CollectionAssert.AreEqual(" the"u8.ToArray(), sentencePiece.GetTokenBytes(id));
        Assert.IsTrue(sentencePiece.TryGetId("</s>", out id));
        CollectionAssert.AreEqual("</s>"u8.ToArray(), sentencePiece.GetTokenBytes(id));
        Assert.IsNull(sentencePiece.GetTokenBytes(sentencePiece.VocabularySize));
        Assert.IsNull(sentencePiece.GetTokenBytes(-1));
    }

    private static void Check(BpeTokenizer tokenizer, bool visibleSpace)
    {
        foreach (string text in Texts)
        {
            int[] ids = tokenizer.Encode(text, addSpecialTokens: false);
            string bytes = Convert.ToHexString([.. ids.SelectMany(id => tokenizer.GetTokenBytes(id)!)]);
            string decoded = tokenizer.Decode(ids, skipSpecialTokens: false);

            // SentencePiece's decoder strips the space that its normalizer put before the text.
            Assert.AreEqual(Convert.ToHexString(Encoding.UTF8.GetBytes((visibleSpace ? " " : "") + decoded)), bytes, text);
        }
    }
}
