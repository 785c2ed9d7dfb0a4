using System.Text;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Llm42.Testing;
using Llm42.Tokenization;

namespace Llm42.Tests.Tokenization;

[TestClass]
public sealed class RoundTripTests
{
    private static readonly BpeTokenizer ByteLevel = TestTokenizers.Load(TestTokenizers.ByteLevel());
    private static readonly BpeTokenizer SentencePiece = TestTokenizers.Load(TestTokenizers.SentencePiece());

    [TestMethod]
    public void Any_text_comes_back()
    {
        Check(ByteLevel);
        Check(SentencePiece);
    }

    [TestMethod]
    public void Any_text_comes_back_from_Llama_3() => Check(TokenizerJson.Load(RepositoryRoot.InShared("data/tokenizers/llama3_1")));

    [TestMethod]
    public void Any_text_comes_back_normalized_from_Qwen()
    {
        BpeTokenizer tokenizer = TokenizerJson.Load(RepositoryRoot.InShared("data/tokenizers/qwen3"));
        Prop.ForAll(Texts(), text =>
        {
            string once = tokenizer.Decode(tokenizer.Encode(text, addSpecialTokens: false), skipSpecialTokens: false);
            return tokenizer.Decode(tokenizer.Encode(once, addSpecialTokens: false), skipSpecialTokens: false) == once;
        }).QuickCheckThrowOnFailure();
    }

    [TestMethod]
    public void A_lone_surrogate_is_a_replacement_character()
    {
        int[] ids = ByteLevel.Encode("a\uD83Db\uDE00", addSpecialTokens: false);

        Assert.AreEqual("a\uFFFDb\uFFFD", ByteLevel.Decode(ids, skipSpecialTokens: true));
        CollectionAssert.AreEqual(ByteLevel.Encode("a\uFFFDb\uFFFD", addSpecialTokens: false), ids);
    }

    [TestMethod]
    public void A_newline_that_merges_is_no_word_of_its_own()
    {
        JsonObject json = TestTokenizers.SentencePiece();
        JsonObject model = json["model"]!.AsObject();
        foreach (string token in (string[])["\n", "t\n", "\n\n"])
        {
            model["vocab"]!.AsObject().Add(token, model["vocab"]!.AsObject().Count);
        }

        model["merges"]!.AsArray().Add("t \n");
        model["merges"]!.AsArray().Add("\n \n");
        BpeTokenizer tokenizer = TestTokenizers.Load(json);

        string[] tokens = [.. tokenizer.Encode("at\n\n\n", addSpecialTokens: false).Select(id => tokenizer.IdToToken(id)!)];

        CollectionAssert.AreEqual((string[])["▁", "a", "t\n", "\n\n"], tokens);
    }

    [TestMethod]
    public void Texts_of_a_megabyte_come_back()
    {
        const int Length = 1 << 20;
        var random = new Random(42);
        string[] texts =
        [
            new('a', Length), new(' ', Length), new string(' ', Length) + "x", new('\n', Length), new('<', Length), new('é', Length),
            string.Concat(Enumerable.Repeat("<|end|>", Length / 8)),
            string.Create(Length, random, static (span, source) =>
            {
                foreach (ref char character in span)
                {
                    character = (char)source.Next(0x100);
                }
            }),
        ];
        foreach (BpeTokenizer tokenizer in (BpeTokenizer[])[ByteLevel, SentencePiece])
        {
            foreach (string text in texts)
            {
                int[] ids = tokenizer.Encode(text, addSpecialTokens: false);
                Assert.IsTrue(text == tokenizer.Decode(ids, skipSpecialTokens: false), $"{text[..8]} did not come back (random seed 42)");
            }
        }
    }

    [TestMethod]
    public void Many_threads_get_what_one_gets()
    {
        string[] texts = [.. Enumerable.Range(0, 200).Select(i => $"the aaaa {i} thé  \n\n the{new string('a', i)}<|end|>")];
        int[][] expected = [.. texts.Select(text => ByteLevel.Encode(text, addSpecialTokens: true))];

        Parallel.For(0, 2000, i => CollectionAssert.AreEqual(
            expected[i % texts.Length], ByteLevel.Encode(texts[i % texts.Length], addSpecialTokens: true)));
    }

    private static void Check(BpeTokenizer tokenizer) => Prop.ForAll(Texts(), text =>
    {
        int[] ids = tokenizer.Encode(text, addSpecialTokens: false);
        return Array.TrueForAll(ids, id => tokenizer.IdToToken(id) is not null)
            && tokenizer.Decode(ids, skipSpecialTokens: false) == text;
    }).QuickCheckThrowOnFailure();

    /// <summary>Texts of any characters, with spaces and letters often. The visible space would come back as a space.</summary>
    private static Arbitrary<string> Texts()
    {
        Gen<Rune> any = Gen.Choose(0, 0x10FFFF).Where(value => Rune.IsValid(value) && value != 0x2581).Select(value => new Rune(value));
        Gen<Rune> common = Gen.Elements(" ate\n\r'éh<0".ToCharArray()).Select(value => new Rune(value));
        return Gen.OneOf(any, common).ArrayOf().Select(runes => string.Concat(runes)).ToArbitrary();
    }
}
