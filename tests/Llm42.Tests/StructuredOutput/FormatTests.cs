using System.Text;
using System.Text.Json;
using Llm42.StructuredOutput;
using Llm42.StructuredOutput.Grammars;
using Llm42.StructuredOutput.Masking;

namespace Llm42.Tests.StructuredOutput;

/// <summary>What the automata accept, byte by byte.</summary>
[TestClass]
public sealed class FormatTests
{
    [TestMethod]
    [DataRow("""{"type":"null"}""", "null", " null|nul|nulll|true")]
    [DataRow("""{"type":["boolean","null"]}""", "true|false|null", "tru|\"true\"|0")]
    [DataRow("""{"type":"integer"}""", "0|-0|7|-12|999999999999999999", "01|1.0|1e2|+1|1000000000000000000|-|")]
    [DataRow("""{"type":"number"}""", "0|-1.5|1e9|1E-07|0.25e+3", "1.|.5|1e|01|1e999|NaN|0x1")]
    [DataRow("""{"type":"integer","minimum":-5,"maximum":120}""", "-5|-1|0|9|99|100|120", "-6|121|-0|00|200|1200|-10")]
    [DataRow("""{"type":"integer","exclusiveMinimum":9.5,"exclusiveMaximum":1001}""", "10|99|100|999|1000", "9|1001|-10|10000")]
    [DataRow("""{"type":"integer","minimum":37}""", "37|38|99|100|999999999999999999", "36|-37|3|0")]
    [DataRow("""{"type":"string","minLength":1,"maxLength":2}""", "\"a\"|\"é\"|\"\U0001F600\U0001F600\"|\"\\u00e9\\n\"|\"\\ud83d\\ude00x\"", "\"\"|\"abc\"|\"\\ud83d\"|\"\\x\"|\"a|\"\n\"|\"\\ude00\"")]
    [DataRow("""{"type":"string","pattern":"^[ab]+$"}""", "\"a\"|\"abba\"", "\"\"|\"abc\"|\"\\u0061\"")]
    [DataRow("""{"pattern":"b"}""", "\"b\"|\"abc\"|\"\\nb\"", "\"ac\"|\"\"|7")]
    [DataRow("""{"pattern":"^a|b$"}""", "\"ax\"|\"xb\"", "\"xa\"|\"bx\"")]
    [DataRow("""{"pattern":"^(?:\\d{2,3}|[\\w-]?)\\.$"}""", "\"12.\"|\"123.\"|\"-.\"|\".\"", "\"1234.\"|\"1\"|\"ab.\"")]
    [DataRow("""{"format":"date"}""", "\"2024-02-29\"|\"2000-02-29\"|\"1999-12-31\"|\"0001-01-01\"", "\"2023-02-29\"|\"1900-02-29\"|\"2024-04-31\"|\"2024-13-01\"|\"0000-01-01\"|\"24-01-01\"")]
    [DataRow("""{"format":"date-time"}""", "\"2024-02-29T23:59:59Z\"|\"2024-01-01T00:00:00.5+13:59\"", "\"2024-02-29 23:59:59Z\"|\"2024-02-29T24:00:00Z\"|\"2024-02-29T23:59:59\"")]
    [DataRow("""{"format":"ipv4"}""", "\"0.0.0.0\"|\"255.249.10.9\"", "\"256.0.0.0\"|\"01.0.0.0\"|\"1.2.3\"")]
    [DataRow("""{"enum":["a",1,null,{"x":[1,2]}]}""", "\"a\"|1|null|{\"x\":[1,2]}", "\"b\"|11|{}|{\"x\": [1,2]}")]
    [DataRow("""{"type":"string","enum":["a",1]}""", "\"a\"", "1")]
    [DataRow("""{"type":"integer","enum":[1.5,2]}""", "2", "1.5")]
    [DataRow("""{"type":"array","items":{"type":"null"},"minItems":1,"maxItems":2}""", "[null]|[null,null]|[null, null]", "[]|[null,null,null]|[null,]|[null,  null]|[ null]")]
    [DataRow("""{"prefixItems":[{"const":1},{"const":2}],"items":{"const":3},"minItems":1,"maxItems":4}""", "[1]|[1,2]|[1,2,3]|[1,2,3,3]", "[]|[2]|[1,3]|[1,2,3,3,3]")]
    [DataRow("""{"prefixItems":[{"const":1},{"const":2}]}""", "[]|[1]|[1,2]", "[1,2,3]|[2]")]
    [DataRow("""{"type":"array","items":false}""", "[]", "[1]")]
    [DataRow("""{"properties":{"a":{"const":1},"b":{"const":2},"c":{"const":3}},"required":["b"]}""", "{\"b\":2}|{\"a\":1,\"b\":2}|{\"a\": 1, \"b\": 2, \"c\": 3}|{\"b\":2,\"c\":3}", "{}|{\"a\":1}|{\"b\":2,\"a\":1}|{\"b\":2,}|{,\"b\":2}|{\"b\":2,\"d\":4}|{\"a\":1\"b\":2}")]
    [DataRow("""{"properties":{"ab":{"const":1}},"additionalProperties":{"const":0}}""", "{}|{\"ab\":1}|{\"a\":0}|{\"ab\":1,\"abc\":0,\"\":0}|{\"b\":0}", "{\"ab\":0}|{\"a\":1}|{\"a\\u0062\":0}|{\"x\":0,\"ab\":1}")]
    [DataRow("""{"type":"object","additionalProperties":false}""", "{}", "{\"a\":1}")]
    [DataRow("""{"type":"object"}""", "{}|{\"a\":[{}, [], 1.5, \"\\u0000\"]}", "[]|{\"a\"}|{\"a\":}")]
    [DataRow("""{"properties":{"a":{"const":1}},"required":["z","a"]}""", "{\"a\":1,\"z\":[]}", "{\"a\":1}|{\"z\":0,\"a\":1}")]
    [DataRow("""{"anyOf":[{"type":"string","maxLength":1},{"type":"null"}],"title":"x"}""", "\"a\"|null", "\"ab\"|0")]
    [DataRow("""{"type":"object","properties":{"a":{"type":"integer"}},"anyOf":[{"required":["a"]},{"properties":{"b":{"const":1}},"required":["b"]}]}""", "{\"a\":3}|{\"b\":1}|{\"a\":3,\"b\":1}", "{}|{\"b\":2}")]
    [DataRow("""{"oneOf":[{"properties":{"k":{"const":"x"},"v":{"type":"null"}},"required":["k","v"]},{"properties":{"k":{"const":"y"}},"required":["k"]}]}""", "{\"k\":\"x\",\"v\":null}|{\"k\":\"y\"}", "{\"k\":\"x\"}|{\"k\":\"z\"}")]
    [DataRow("""{"allOf":[{"minimum":3},{"maximum":5},{"type":"integer"}]}""", "3|5", "2|6|3.5")]
    [DataRow("""{"allOf":[{"properties":{"a":{"type":["string","integer"]}},"required":["a"]},{"properties":{"a":{"type":["integer","null"]}},"additionalProperties":false}]}""", "{\"a\":4}", "{\"a\":null}|{\"a\":\"\"}|{}")]
    [DataRow("""{"$ref":"#/$defs/n","$defs":{"n":{"type":"object","properties":{"next":{"$ref":"#/$defs/n"}},"additionalProperties":false}}}""", "{}|{\"next\":{}}|{\"next\":{\"next\":{}}}", "{\"next\":1}|{\"n\":{}}")]
    [DataRow("""{"definitions":{"a/b":{"const":1}},"items":{"$ref":"#/definitions/a~1b"}}""", "[1,1]|[]", "[2]")]
    [DataRow("true", "1|{}|\"\"", "")]
    public void A_schema_accepts_what_is_of_it(string schema, string accepted, string refused)
    {
        OutputFormat format = Of(schema);
        foreach (string text in accepted.Split('|'))
            Assert.IsTrue(Accepts(format, text), $"{schema} should accept {text}");
        foreach (string text in refused.Split('|'))
            Assert.IsFalse(Accepts(format, text), $"{schema} should refuse {text}");
    }

    [TestMethod]
    public void Formats_can_be_put_together()
    {
        OutputFormat format = OutputFormat.Sequence(
            OutputFormat.Literal("<é>"),
            OutputFormat.AnyOf(OutputFormat.JsonObject, OutputFormat.Literal("none"), Of("""{"type":"integer"}""")),
            OutputFormat.Literal("</>"));

        foreach (string text in (string[])["<é>{}</>", "<é>none</>", "<é>12</>"])
        {
            Assert.IsTrue(Accepts(format, text), text);
            Assert.IsTrue(Accepts(FormatJson.Parse(format.ToJson()), text), text);
        }
        foreach (string text in (string[])["<é>none", "<e>none</>", "{}", "<é></>"])
        {
            Assert.IsFalse(Accepts(format, text), text);
            Assert.IsFalse(Accepts(FormatJson.Parse(format.ToJson()), text), text);
        }
    }

    [TestMethod]
    public void Objects_nest_as_deep_as_they_can_be_read()
    {
        string Nested(int depth) => string.Concat(Enumerable.Repeat("{\"a\":", depth - 1)) + "{}" + new string('}', depth - 1);

        Assert.IsTrue(Accepts(OutputFormat.JsonObject, Nested(64)));
        Assert.IsFalse(Accepts(OutputFormat.JsonObject, Nested(65)));
        using JsonDocument document = JsonDocument.Parse(Nested(64));

        // Where the bound is near, only what can still be completed is begun.
        var automaton = new Automaton(Of("""
            {"$ref":"#/$defs/n","$defs":{"n":{"type":"object","properties":{"a":{"anyOf":[{"$ref":"#/$defs/n"},{"const":1}]}},"required":["a"]}}}
            """).ToGrammar());
        ParseState state = automaton.Start;
        foreach (byte value in Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("{\"a\":", 64))))
            state = automaton.Step(state, value);
        Assert.IsTrue(automaton.Step(state, (byte)'{').IsDead);
        Assert.IsFalse(automaton.Step(state, (byte)'1').IsDead);
    }

    /// <summary>Beginnings of values, spoiled at random: the automaton against a JSON reader and the validator.</summary>
    [TestMethod]
    public void Spoiled_texts_are_accepted_only_if_they_are_still_of_the_schema()
    {
        int kept = 0, spoiled = 0;
        for (int seed = 0; seed < 150; seed++)
        {
            JsonElement schema = new SchemaDice(seed).Next();
            var automaton = new Automaton(OutputFormat.JsonSchema(schema).ToGrammar());
            var validator = new SchemaValidator(schema);
            var random = new Random(seed);
            byte[] text = Walk(automaton, random, 400);
            Check(text, isOwn: true);
            for (int i = 0; i < 20; i++)
            {
                byte[] other = [.. text];
                int place = random.Next(other.Length);
                other = random.Next(3) switch
                {
                    0 => [.. other[..place], .. other[(place + 1)..]],
                    1 => [.. other[..place], (byte)random.Next(256), .. other[(place + 1)..]],
                    _ => [.. other[..place], other[random.Next(other.Length)], .. other[place..]],
                };
                Check(other, isOwn: false);
            }

            void Check(byte[] candidate, bool isOwn)
            {
                bool accepts = Accepts(automaton, candidate);
                string shown = $"seed {seed}: {schema} and {Encoding.UTF8.GetString(candidate)}";
                Assert.IsTrue(accepts || !isOwn, shown);
                if (!accepts)
                {
                    spoiled++;
                    return;
                }

                kept += isOwn ? 0 : 1;
                using JsonDocument document = JsonDocument.Parse(candidate);
                Assert.IsTrue(validator.IsValid(document.RootElement), shown);
            }
        }

        Assert.IsGreaterThan(300, kept, "few spoiled texts are accepted: they prove little");
        Assert.IsGreaterThan(1000, spoiled, "few spoiled texts are refused: they prove little");
    }

    internal static OutputFormat Of(string schema)
    {
        using JsonDocument document = JsonDocument.Parse(schema);
        return OutputFormat.JsonSchema(document.RootElement);
    }

    /// <summary>A random text of the automaton, as short as can be once it has some length.</summary>
    internal static byte[] Walk(Automaton automaton, Random random, int most, ParseState? start = null)
    {
        var text = new List<byte>();
        ParseState state = start ?? automaton.Start;
        while (!(state.IsAccepting && (state.Places.Length == 0 || random.Next(3) == 0)))
        {
            Assert.IsLessThan(20 * most, text.Count, "the walk does not end");
            byte[] allowed = [.. Enumerable.Range(0, 256).Select(value => (byte)value).Where(value => !automaton.Step(state, value).IsDead)];
            Assert.AreNotEqual(0, allowed.Length, "a state that is not dead leads nowhere");
            // Inside of a string they end nothing, and something else must have its chance.
            byte[] closing = text.Count < most / 4 || random.Next(3) == 0 ? [] : [.. allowed.Where(value => "\"]}"u8.Contains(value))];
            byte next = closing.Length > 0 ? closing[random.Next(closing.Length)] : allowed[random.Next(allowed.Length)];
            text.Add(next);
            state = automaton.Step(state, next);
        }

        return [.. text];
    }

    internal static bool Accepts(OutputFormat format, string text) => Accepts(new Automaton(format.ToGrammar()), Encoding.UTF8.GetBytes(text));

    private static bool Accepts(Automaton automaton, byte[] text)
    {
        ParseState state = automaton.Start;
        foreach (byte value in text)
        {
            state = automaton.Step(state, value);
            if (state.IsDead)
                return false;
        }

        return state.IsAccepting;
    }
}
