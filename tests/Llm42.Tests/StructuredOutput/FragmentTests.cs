using System.Text;
using Llm42.Core.Sampling;
using Llm42.StructuredOutput;
using Llm42.StructuredOutput.Grammars;
using Llm42.StructuredOutput.Masking;
using Llm42.Tests.ToolCalls;
using Llm42.ToolCalls;

namespace Llm42.Tests.StructuredOutput;

/// <summary>Masks that are put together of fragments, against each token's bytes taken one by one.</summary>
[TestClass]
public sealed class FragmentTests
{
    private static readonly string[] Schemas =
    [
        """{"type":"string","minLength":2,"maxLength":5}""",
        """{"type":"string","minLength":30,"maxLength":33}""",
        """{"type":"array","items":{"type":"string","maxLength":3},"minItems":2,"maxItems":4}""",
        """{"type":"string","pattern":"^(?:ab|a|[bc]{2,3}){2,4}-?x*$"}""",
        """{"type":"string","pattern":"a.{1,3}\"b"}""",
        """{"type":"object","properties":{"a":{"type":"string","maxLength":2}},"additionalProperties":{"type":"string"}}""",
        """{"$ref":"#/$defs/n","$defs":{"n":{"type":"array","items":{"$ref":"#/$defs/n"},"minItems":0,"maxItems":3}}}""",
        """{"anyOf":[{"type":"string"},{"type":"string","pattern":"^[a-c]+$"},{"type":"string","minLength":3}]}""",
    ];

    /// <summary>Pieces of JSON, glued at random into tokens that end in mid-string, mid-escape and mid-character.</summary>
    private static readonly string[] Pieces =
        ["\"", "\"", "a", "b", "c", "abc", "é", "\U0001F600", "\\", "\\n", "\\u00", "\\ud83d\\ude00", "{", "}", "[", "]", ",", ", ", ":", ": ", "1", "23", "-", ".5", "e1", "true", "null", "x y", "\"}", "\"]", "[[", "]]", "name", "<", "tool_", "call>", "<tool_call>\n", "<|python_", "tag|>", "\n"];

    [TestMethod]
    public void A_mask_of_fragments_is_that_of_the_slow_walk()
    {
        int masks = 0, tokens = 0;
        for (int seed = 0; seed < 60; seed++)
        {
            OutputFormat format = seed < Schemas.Length ? FormatTests.Of(Schemas[seed])
                : seed % 10 == 0 ? OutputFormat.JsonObject
                : seed % 10 == 1 ? ToolCallFormatTests.AnswerOf(ToolCallFormat.Hermes)
                : seed % 10 == 2 ? ToolCallFormatTests.AnswerOf(ToolCallFormat.Llama3)
                : OutputFormat.JsonSchema(new SchemaDice(20_000 + seed).Next());
            byte[][] vocabulary = Vocabulary(new Random(seed));
            Grammar grammar = format.ToGrammar();
            var compiled = new CompiledFormat(grammar, new TokenTrie(vocabulary), vocabulary.Length, []);
            if (seed % 2 == 0)
                compiled.Prepare();
            var automaton = new Automaton(grammar);
            for (int walk = 0; walk < 3; walk++)
            {
                var random = new Random((1000 * seed) + walk);
                ITokenConstraint constraint = compiled.Start;
                ParseState state = automaton.Start;
                for (int step = 0; step < 40 && !constraint.IsEnd; step++)
                {
                    uint[] expected = SlowMask(automaton, state, vocabulary);
                    CollectionAssert.AreEqual(expected, constraint.GetAllowedTokens(), $"seed {seed}, walk {walk}, step {step}");
                    masks++;
                    int[] allowed = [.. Enumerable.Range(0, vocabulary.Length).Where(id => (expected[id / 32] >> (id % 32) & 1) != 0)];
                    tokens += allowed.Length;

                    // Short tokens more often: long ones end what is bounded at once.
                    int chosen = Enumerable.Range(0, 3).Select(_ => allowed[random.Next(allowed.Length)]).MinBy(id => vocabulary[id].Length);
                    constraint = constraint.Follow(chosen);
                    foreach (byte value in vocabulary[chosen])
                        state = automaton.Step(state, value);
                }
            }
        }
        Assert.IsGreaterThan(2000, masks, "few states: they prove little");
        Assert.IsGreaterThan(100 * masks, tokens, "few tokens: they prove little");
    }

    /// <summary>Tokens that open more than may be open are not allowed where some of them are open already.</summary>
    [TestMethod]
    public void Near_the_bound_of_the_depth_masks_are_those_of_the_slow_walk()
    {
        byte[][] vocabulary = Vocabulary(new Random(7));
        foreach (OutputFormat format in (OutputFormat[])[OutputFormat.JsonObject, FormatTests.Of(Schemas[6])])
        {
            Grammar grammar = format.ToGrammar();
            var compiled = new CompiledFormat(grammar, new TokenTrie(vocabulary), vocabulary.Length, []);
            var automaton = new Automaton(grammar);
            ITokenConstraint constraint = compiled.Start;
            ParseState state = automaton.Start;
            string open = format == OutputFormat.JsonObject ? "{\"\":" + new string('[', 63) : new string('[', 64);
            HashSet<int> counts = [];
            foreach (char character in open)
            {
                uint[] expected = SlowMask(automaton, state, vocabulary);
                counts.Add(expected.Sum(word => int.PopCount((int)word)));
                CollectionAssert.AreEqual(expected, constraint.GetAllowedTokens(), $"behind {open}");
                constraint = constraint.Follow(character);
                state = automaton.Step(state, (byte)character);
            }
            CollectionAssert.AreEqual(SlowMask(automaton, state, vocabulary), constraint.GetAllowedTokens());
            Assert.IsGreaterThan(4, counts.Count, "the bound makes no difference to these tokens");
        }
    }

    /// <summary>What is worked out of a string serves all strings: a new place needs no walk over the tokens.</summary>
    [TestMethod]
    public void A_string_somewhere_else_needs_no_other_fragments()
    {
        byte[][] vocabulary = Vocabulary(new Random(3));
        Grammar grammar = OutputFormat.JsonObject.ToGrammar();
        var fragments = new FragmentMasks(grammar, new TokenTrie(vocabulary), (vocabulary.Length + 31) / 32);
        fragments.Prepare();
        long before = fragments.Steps;
        var automaton = new Automaton(grammar);
        ParseState state = automaton.Start;
        foreach (byte value in Encoding.UTF8.GetBytes("""{"a": ["b", {"cé\n": "\ud83d\ude00 d", "e": [[["fgh"]], 12.5e3, {}, true]}]}"""))
        {
            state = automaton.Step(state, value);
            fragments.Mark(automaton, state, new uint[(vocabulary.Length + 31) / 32]);
        }
        Assert.AreEqual(before, fragments.Steps);
        Assert.IsGreaterThan(vocabulary.Length, (int)before);
    }

    private static uint[] SlowMask(Automaton automaton, ParseState start, byte[][] vocabulary)
    {
        uint[] mask = new uint[(vocabulary.Length + 31) / 32];
        for (int id = 0; id < vocabulary.Length; id++)
        {
            ParseState state = start;
            foreach (byte value in vocabulary[id])
            {
                state = automaton.Step(state, value);
                if (state.IsDead)
                    break;
            }
            if (!state.IsDead)
                mask[id / 32] |= 1u << (id % 32);
        }
        return mask;
    }

    /// <summary>Every byte, and some 2,500 tokens of several pieces.</summary>
    private static byte[][] Vocabulary(Random random)
    {
        List<byte[]> tokens = [.. Enumerable.Range(0, 256).Select(value => (byte[])[(byte)value])];
        while (tokens.Count < 2800)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, random.Next(1, 9)).Select(_ => Pieces[random.Next(Pieces.Length)])));
            int from = random.Next(4) == 0 ? random.Next(bytes.Length) : 0;
            int to = random.Next(3) == 0 ? random.Next(from, bytes.Length) + 1 : bytes.Length;
            tokens.Add(bytes[from..to]);
        }
        foreach (string run in (string[])[new('[', 16), new('a', 40), new(' ', 20), string.Concat(Enumerable.Repeat("{\"\":", 12)), new(']', 30)])
            tokens.Add(Encoding.UTF8.GetBytes(run));
        return [.. tokens];
    }
}
