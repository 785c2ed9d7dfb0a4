using FsCheck;
using FsCheck.Fluent;
using Llm42.Testing;
using Llm42.Tokenization;

namespace Llm42.Tests.Tokenization;

[TestClass]
public sealed class IncrementalDetokenizerTests
{
    private static readonly BpeTokenizer ByteLevel = TestTokenizers.Load(TestTokenizers.ByteLevel());
    private static readonly BpeTokenizer SentencePiece = TestTokenizers.Load(TestTokenizers.SentencePiece());

    [TestMethod]
    public void Pieces_of_random_ids_make_up_the_whole()
    {
        CheckPieces(ByteLevel);
        CheckPieces(SentencePiece);
    }

    [TestMethod]
    [DataRow("qwen3")]
    [DataRow("llama3_1")]
    [DataRow("llama2")]
    public void Pieces_of_random_ids_make_up_the_whole_with_real_tokenizers(string name) =>
        CheckPieces(TokenizerJson.Load(RepositoryRoot.InShared($"data/tokenizers/{name}")));

    [TestMethod]
    public void A_character_comes_out_whole_with_its_last_byte()
    {
        int[] ids = ByteLevel.Encode("😀", addSpecialTokens: false);
        IncrementalDetokenizer detokenizer = ByteLevel.CreateDetokenizer(skipSpecialTokens: true);

        string[] pieces = [.. ids.Select(detokenizer.Append)];

        Assert.AreEqual(",,,😀", string.Join(',', pieces));
        Assert.AreEqual("", detokenizer.Flush());
    }

    [TestMethod]
    public void A_character_that_never_ends_is_one_replacement_character()
    {
        int[] ids = ByteLevel.Encode("a😀", addSpecialTokens: false);
        IncrementalDetokenizer detokenizer = ByteLevel.CreateDetokenizer(skipSpecialTokens: true);

        string text = string.Concat(ids[..^1].Select(detokenizer.Append));

        Assert.AreEqual("a", text);
        Assert.AreEqual("\uFFFD", detokenizer.Flush());
    }

    [TestMethod]
    public void A_run_of_byte_tokens_is_final_only_when_it_ends()
    {
        int[] emoji = SentencePiece.Encode("😀", addSpecialTokens: false);
        IncrementalDetokenizer detokenizer = SentencePiece.CreateDetokenizer(skipSpecialTokens: true);
        Assert.IsTrue(SentencePiece.TryGetId("<0xFF>", out int invalid));
        Assert.IsTrue(SentencePiece.TryGetId("a", out int letter));

        Assert.AreEqual("", string.Concat(emoji.Select(detokenizer.Append)));
        IncrementalDetokenizer other = detokenizer.Fork();

        Assert.AreEqual("😀a", detokenizer.Append(letter));
        Assert.AreEqual("", other.Append(invalid));
        Assert.AreEqual("\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD", other.Flush());
    }

    [TestMethod]
    public void The_leading_space_goes_only_at_the_very_start()
    {
        Assert.IsTrue(SentencePiece.TryGetId("▁the", out int the));
        IncrementalDetokenizer detokenizer = SentencePiece.CreateDetokenizer(skipSpecialTokens: true);

        Assert.AreEqual("the", detokenizer.Append(the));
        Assert.AreEqual(" the", detokenizer.Append(the));
    }

    [TestMethod]
    public void Strip_at_the_end_waits_for_what_follows()
    {
        System.Text.Json.Nodes.JsonObject json = TestTokenizers.SentencePiece();
        json["decoder"]!["decoders"]![3]!["start"] = 0;
        json["decoder"]!["decoders"]![3]!["stop"] = 1;
        BpeTokenizer tokenizer = TestTokenizers.Load(json);
        Assert.IsTrue(tokenizer.TryGetId("▁▁", out int spaces));
        Assert.IsTrue(tokenizer.TryGetId("a", out int letter));
        IncrementalDetokenizer detokenizer = tokenizer.CreateDetokenizer(skipSpecialTokens: true);

        Assert.AreEqual(" ", detokenizer.Append(spaces));
        Assert.AreEqual(" a", detokenizer.Append(letter));
        Assert.AreEqual(" ", detokenizer.Append(spaces));
        Assert.AreEqual("", detokenizer.Flush());
    }

    [TestMethod]
    public void Ids_without_a_token_are_nothing_and_negative_ids_are_refused()
    {
        IncrementalDetokenizer detokenizer = ByteLevel.CreateDetokenizer(skipSpecialTokens: true);

        Assert.AreEqual("", detokenizer.Append(ByteLevel.VocabularySize));
        Assert.AreEqual("", detokenizer.Append(int.MaxValue));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => detokenizer.Append(-1));
        detokenizer.Flush();
        Assert.ThrowsExactly<InvalidOperationException>(() => detokenizer.Append(0));
    }

    private static void CheckPieces(BpeTokenizer tokenizer)
    {
        // Half of the ids are the first ones, where the bytes are.
        Gen<int[]> ids = Gen.OneOf(Gen.Choose(0, 300), Gen.Choose(0, tokenizer.VocabularySize + 5)).ArrayOf();
        Prop.ForAll(ids.ToArbitrary(), sequence =>
        {
            foreach (bool skipsSpecial in (bool[])[true, false])
            {
                IncrementalDetokenizer detokenizer = tokenizer.CreateDetokenizer(skipsSpecial);
                string text = "";
                foreach (int id in sequence)
                {
                    // A fork sees the same and disturbs nothing.
                    IncrementalDetokenizer fork = detokenizer.Fork();
                    string piece = detokenizer.Append(id);
                    if (piece != fork.Append(id) || (piece.Length > 0 && (char.IsHighSurrogate(piece[^1]) || char.IsLowSurrogate(piece[0]))))
                    {
                        return false;
                    }

                    fork.Flush();
                    text += piece;
                }

                if (text + detokenizer.Flush() != tokenizer.Decode(sequence, skipsSpecial))
                {
                    return false;
                }
            }

            return true;
        }).QuickCheckThrowOnFailure();
    }
}
