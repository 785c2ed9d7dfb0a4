using System.Text;
using System.Text.Json;
using Llm42.Core.Sampling;
using Llm42.StructuredOutput;
using Llm42.StructuredOutput.Masking;
using Llm42.Testing;
using Llm42.Tokenization;

namespace Llm42.Tests.StructuredOutput;

/// <summary>Which tokens a format allows.</summary>
[TestClass]
public sealed class MaskTests
{
    private const int Eos = 1;

    private static readonly BpeTokenizer Tokenizer = TokenizerJson.Load(RepositoryRoot.InRoot("src/Llm42.Cli/DemoModel"));

    [TestMethod]
    public void A_mask_holds_the_tokens_whose_bytes_the_automaton_takes()
    {
        string[] schemas =
        [
            "{}", """{"type":"string","maxLength":9}""", """{"type":"string","minLength":40,"maxLength":300}""", """{"type":"array","items":{"type":"integer"},"minItems":7}""",
            """{"properties":{"a":{"type":"string"},"b":{"type":"array","items":{"type":"string","minLength":3}}},"required":["a"]}""",
        ];
        foreach (string schema in schemas)
        {
            OutputFormat format = FormatTests.Of(schema);
            var trie = TrieOf(Tokenizer);
            var compiled = new CompiledFormat(format.ToGrammar(), trie, Tokenizer.VocabularySize, [Eos]);
            for (int seed = 0; seed < 6; seed++)
            {
                // An automaton of its own tells what must come out.
                var automaton = new Automaton(format.ToGrammar());
                var random = new Random(seed);
                ITokenConstraint constraint = compiled.Start;
                ParseState state = automaton.Start;
                for (int step = 0; step < 60 && !constraint.IsEnd; step++)
                {
                    uint[] mask = constraint.GetAllowedTokens();
                    List<int> allowed = [];
                    for (int id = 0; id < Tokenizer.VocabularySize; id++)
                    {
                        ParseState? next = id == Eos ? null : Follow(automaton, state, trie.BytesOf(id));
                        bool expected = id == Eos ? state.IsAccepting : next is not null;
                        Assert.AreEqual(expected, (mask[id / 32] >> (id % 32) & 1) != 0, $"{schema}, seed {seed}, step {step}, token {id}");
                        if (expected)
                            allowed.Add(id);
                    }

                    // Long tokens seldom: they end a string with a bound at once.
                    int chosen = allowed[random.Next(allowed.Count)];
                    if (chosen == Eos)
                        break;
                    constraint = constraint.Follow(chosen);
                    state = Follow(automaton, state, trie.BytesOf(chosen))!;
                }
            }
        }
    }

    [TestMethod]
    public void Behind_a_complete_answer_only_its_end_may_come()
    {
        var compiled = new CompiledFormat(OutputFormat.Literal("ab").ToGrammar(), TrieOf(Tokenizer), Tokenizer.VocabularySize, [Eos]);
        ITokenConstraint end = Tokenizer.Encode("ab", addSpecialTokens: false).Aggregate(compiled.Start, (state, id) => state.Follow(id));
        CollectionAssert.AreEqual((int[])[Eos], IdsOf(end.GetAllowedTokens()));
        Assert.IsFalse(end.IsEnd);
        Assert.IsTrue(end.Follow(Eos).IsEnd);

        var endless = new CompiledFormat(OutputFormat.Literal("ab").ToGrammar(), TrieOf(Tokenizer), Tokenizer.VocabularySize, []);
        Assert.IsTrue(Tokenizer.Encode("ab", addSpecialTokens: false).Aggregate(endless.Start, (state, id) => state.Follow(id)).IsEnd);
        Assert.IsTrue(compiled.Start.Follow(Eos).IsEnd, "not allowed yet");
        Assert.ThrowsExactly<ArgumentException>(() => new CompiledFormat(
            OutputFormat.Literal("").ToGrammar(), TrieOf(Tokenizer), Tokenizer.VocabularySize, []));
    }

    [TestMethod]
    public void A_byte_that_is_no_token_is_refused()
    {
        var error = Assert.ThrowsExactly<ArgumentException>(() => new CompiledFormat(
            OutputFormat.Literal("ab").ToGrammar(), new TokenTrie([[(byte)'a'], "ab"u8.ToArray()]), 2, []));
        StringAssert.Contains(error.Message, "0x62");
    }

    /// <summary>States that went away for want of room give the same masks when they come again.</summary>
    [TestMethod]
    public void Masks_that_were_forgotten_come_again()
    {
        var compiled = new CompiledFormat(OutputFormat.JsonObject.ToGrammar(), TrieOf(Tokenizer), Tokenizer.VocabularySize, [Eos]);
        int[] ids = Tokenizer.Encode("{\"key\": [1, {\"a\": \"text\"}, [[[]]], true], \"z\": null}", addSpecialTokens: false);
        List<ITokenConstraint> states = [compiled.Start];
        foreach (int id in ids)
            states.Add(states[^1].Follow(id));
        List<uint[]> masks = [.. states.Select(state => (uint[])state.GetAllowedTokens().Clone())];

        // Each opening bracket is a state of its own.
        for (int round = 0; round < 2; round++)
        {
            for (int width = 0; width < 2000; width++)
            {
                ITokenConstraint state = compiled.Start;
                foreach (char character in "{\"k\":" + string.Concat(Enumerable.Range(0, 13).Select(bit => (width >> bit & 1) == 0 ? "[" : "{\"\":")))
                {
                    Assert.IsTrue(Tokenizer.TryGetId(character.ToString(), out int id));
                    state = state.Follow(id);
                }

                if (width % 50 == 0)
                    state.GetAllowedTokens();
            }
        }

        for (int i = 0; i < states.Count; i++)
            CollectionAssert.AreEqual(masks[i], states[i].GetAllowedTokens(), $"state {i}");
    }

    /// <summary>Tokens drawn evenly, until the end is allowed: what any model could say.</summary>
    [TestMethod]
    public void Whatever_tokens_are_drawn_the_answer_is_of_the_schema()
    {
        var trie = TrieOf(Tokenizer);
        for (int seed = 0; seed < 100; seed++)
        {
            JsonElement schema = new SchemaDice(1000 + seed).Next();
            var compiled = new CompiledFormat(OutputFormat.JsonSchema(schema).ToGrammar(), trie, Tokenizer.VocabularySize, [Eos]);
            var random = new Random(seed);
            ITokenConstraint state = compiled.Start;
            List<byte> text = [];
            for (int step = 0; ; step++)
            {
                int[] allowed = IdsOf(state.GetAllowedTokens());
                Assert.AreNotEqual(0, allowed.Length, $"seed {seed}: {schema}: nothing may follow {Encoding.UTF8.GetString([.. text])}");
                int[] closing = step < 40 || random.Next(3) == 0 ? [] : [.. allowed.Where(id => id == Eos || (trie.BytesOf(id).Length == 1 && "\"]}"u8.Contains(trie.BytesOf(id)[0])))];
                int id = closing.Length > 0 ? closing[random.Next(closing.Length)] : allowed[random.Next(allowed.Length)];
                if (id == Eos)
                    break;
                text.AddRange(trie.BytesOf(id));
                state = state.Follow(id);
                Assert.IsLessThan(20_000, step, $"seed {seed}: {schema}: no end");
            }

            using JsonDocument document = JsonDocument.Parse(text.ToArray());
            Assert.IsTrue(new SchemaValidator(schema).IsValid(document.RootElement), $"seed {seed}: {schema} and {Encoding.UTF8.GetString([.. text])}");
        }
    }

    private static TokenTrie TrieOf(BpeTokenizer tokenizer) => new([.. Enumerable.Range(0, tokenizer.VocabularySize)
        .Select(id => tokenizer.IsSpecial(id) || id == Eos ? null : tokenizer.GetTokenBytes(id))]);

    private static int[] IdsOf(uint[] mask) =>
        [.. Enumerable.Range(0, mask.Length * 32).Where(id => (mask[id / 32] >> (id % 32) & 1) != 0)];

    private static ParseState? Follow(Automaton automaton, ParseState state, ReadOnlySpan<byte> bytes)
    {
        foreach (byte value in bytes)
        {
            state = automaton.Step(state, value);
            if (state.IsDead)
                return null;
        }

        return bytes.IsEmpty ? null : state;
    }
}
