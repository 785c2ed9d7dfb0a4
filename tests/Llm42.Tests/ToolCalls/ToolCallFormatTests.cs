using System.Text;
using System.Text.Json;
using Llm42.Core.Requests;
using Llm42.StructuredOutput;
using Llm42.StructuredOutput.Masking;
using Llm42.Tests.StructuredOutput;
using Llm42.ToolCalls;

namespace Llm42.Tests.ToolCalls;

/// <summary>Formats of answers that call tools, each call exact.</summary>
[TestClass]
public sealed class ToolCallFormatTests
{
    private const string Schema = """
        {"type": "object", "properties": {"city": {"enum": ["Bern", "</tool_call>"]}, "days": {"type": "integer", "minimum": 1, "maximum": 9}},
         "required": ["city"], "additionalProperties": false}
        """;

    private const string A = "{\"name\": \"a\", \"arguments\": {\"city\": \"Bern\"}}";
    private const string B = "{\"name\": \"b\", \"arguments\": {}}";

    [TestMethod]
    [DataRow("", true, true)]
    [DataRow("Just text, <tool_cal and <tool_<tool and é.", true, true)]
    [DataRow("I look.\n<tool_call>\n" + A + "\n</tool_call>", true, true)]
    [DataRow("<tool_call>\n" + A + "\n</tool_call>\n<tool_call>\n" + B + "\n</tool_call>", true, false)]
    [DataRow("<tool_<tool_call>\n" + B + "\n</tool_call>", true, true)]
    [DataRow("<tool_call>", false, false)]
    [DataRow("a <tool_call>\n" + A, false, false)]
    [DataRow("<tool_call>\n" + A + "\n</tool_call> and", false, false)]
    [DataRow("<tool_call>\n{\"name\": \"a\", \"arguments\": {}}\n</tool_call>", false, false)]
    [DataRow("<tool_call>\n{\"name\": \"c\", \"arguments\": {}}\n</tool_call>", false, false)]
    public void Hermes_text_and_calls(string text, bool isParallel, bool isSingle) => AssertAccepts(ToolCallFormat.Hermes, text, isParallel, isSingle);

    [TestMethod]
    [DataRow("", true, true)]
    [DataRow("Text { <|python_ta", true, true)]
    [DataRow("{\"name\": \"a\", \"parameters\": {\"city\": \"Bern\", \"days\": 3}}", true, true)]
    [DataRow("{\"name\": \"b\", \"parameters\": {}}; {\"name\": \"b\", \"parameters\": {}}", true, false)]
    [DataRow(" \u00a0<|python_tag|>{\"name\": \"b\", \"parameters\": {}}", true, true)]
    [DataRow("I look.<|python_tag|>{\"name\": \"b\", \"parameters\": {}}", true, true)]
    [DataRow("{\"answer\": 42}", false, false)]
    [DataRow(" \n{", false, false)]
    [DataRow("\u2003{}", false, false)]
    [DataRow("<|python_tag|>print(1)", false, false)]
    [DataRow("{\"name\": \"b\", \"parameters\": {}} and", false, false)]
    public void Llama_3_text_and_calls(string text, bool isParallel, bool isSingle) => AssertAccepts(ToolCallFormat.Llama3, text, isParallel, isSingle);

    [TestMethod]
    public void Required_calls_are_one_or_more_or_exactly_one()
    {
        string call = "<tool_call>\n" + B + "\n</tool_call>";
        foreach (var (text, several, single) in ((string, bool, bool)[])[("", false, false), (call, true, true), (call + "\n" + call, true, false), ("a" + call, false, false)])
        {
            Assert.AreEqual(several, FormatTests.Accepts(ToolCallFormats.Calls(ToolCallFormat.Hermes, Choices(ToolCallFormat.Hermes), true), text), text);
            Assert.AreEqual(single, FormatTests.Accepts(ToolCallFormats.Calls(ToolCallFormat.Hermes, Choices(ToolCallFormat.Hermes), false), text), text);
        }
        Assert.ThrowsExactly<ArgumentException>(() => ToolCallFormats.Calls(ToolCallFormat.None, [OutputFormat.JsonObject], true));
        Assert.ThrowsExactly<ArgumentException>(() => ToolCallFormats.Calls(ToolCallFormat.Hermes, [], true));
    }

    /// <summary>Any answer of the format, read as a client gets it: no call is other than a function that was offered.</summary>
    [TestMethod]
    [DataRow(ToolCallFormat.Hermes)]
    [DataRow(ToolCallFormat.Llama3)]
    public void Whatever_is_drawn_calls_are_exact(ToolCallFormat format)
    {
        var automaton = new Automaton(AnswerOf(format).ToGrammar());
        string marker = ToolCallFormats.MarkersOf(format)[0];
        int calls = 0;
        for (int seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            ParseState state = automaton.Start;
            List<byte> text = [];
            for (int i = random.Next(20); i > 0; i--)
                Take(Drawn(random, marker));
            if (random.Next(3) > 0)
                Take(marker);
            text.AddRange(FormatTests.Walk(automaton, random, 200, state));
            ChatAnswerReader reader = new(format, [1]);
            string answer = Encoding.UTF8.GetString([.. text]);
            reader.Append(new GenerationChunk(answer, [], FinishReason.Stop));
            foreach (ToolCall call in reader.Calls)
                AssertExact(call, $"seed {seed}: {answer}");
            calls += reader.Calls.Count;
            Assert.IsFalse(reader.Content.Contains(marker, StringComparison.Ordinal), $"seed {seed}: {answer}");

            void Take(string piece)
            {
                ParseState next = state;
                foreach (byte value in Encoding.UTF8.GetBytes(piece))
                    next = automaton.Step(next, value);
                if (next.IsDead)
                    return;
                text.AddRange(Encoding.UTF8.GetBytes(piece));
                state = next;
            }
        }
        Assert.IsGreaterThan(100, calls, "few calls: they prove little");
    }

    [TestMethod]
    public void Formats_of_calls_can_be_written_down()
    {
        foreach (ToolCallFormat format in (ToolCallFormat[])[ToolCallFormat.Hermes, ToolCallFormat.Llama3])
        {
            foreach (OutputFormat answer in (OutputFormat[])[AnswerOf(format), CallsOf(format), ToolCallFormats.TextOrCalls(format, Choices(format), false)])
                Assert.AreEqual(answer.ToJson(), FormatJson.Parse(answer.ToJson()).ToJson());
        }
        foreach (string wrong in (string[])[
            """{"text":{}}""", """{"text":{"without":"aa"}}""", """{"text":{"without":"<a","not_first":"ab"}}""", """{"repeat":{"item":{"literal":"a"}}}""",
            """{"repeat":{"item":{"literal":""},"minimum":0}}""", """{"repeat":{"item":{"literal":"a"},"minimum":2,"maximum":1}}""",
            """{"repeat":{"item":{"literal":"a"},"minimum":-1}}""", """{"repeat":{"item":{"literal":"a"},"minimum":1.5}}""", """{"text":7}""", """{"marker":7}"""])
            Assert.ThrowsExactly<FormatException>(() => FormatJson.Parse(wrong), wrong);
    }

    /// <summary>Text and calls of two functions, "a" with arguments and "b" without.</summary>
    internal static OutputFormat AnswerOf(ToolCallFormat format) => ToolCallFormats.TextOrCalls(format, Choices(format), isParallel: true);

    internal static OutputFormat CallsOf(ToolCallFormat format) => ToolCallFormats.Calls(format, Choices(format), isParallel: true);

    internal static void AssertExact(ToolCall call, string shown)
    {
        using JsonDocument schema = JsonDocument.Parse(call.Name == "a" ? Schema : """{"type": "object", "additionalProperties": false}""");
        using JsonDocument arguments = JsonDocument.Parse(call.Arguments);
        Assert.IsTrue(call.Name is "a" or "b" && new SchemaValidator(schema.RootElement).IsValid(arguments.RootElement), $"{call} in {shown}");
    }

    private static void AssertAccepts(ToolCallFormat format, string text, bool isParallel, bool isSingle)
    {
        Assert.AreEqual(isParallel, FormatTests.Accepts(AnswerOf(format), text), text);
        Assert.AreEqual(isSingle, FormatTests.Accepts(ToolCallFormats.TextOrCalls(format, Choices(format), false), text), text);
    }

    private static OutputFormat[] Choices(ToolCallFormat format)
    {
        using JsonDocument schema = JsonDocument.Parse(Schema);
        return
        [
            ToolCallFormats.Call(format, "a", ToolCallFormats.Arguments(schema.RootElement, isStrict: true)),
            ToolCallFormats.Call(format, "b", ToolCallFormats.Arguments(null, isStrict: false)),
        ];
    }

    private static string Drawn(Random random, string marker) => random.Next(4) switch
    {
        0 => marker[..random.Next(marker.Length)],
        1 => ((string[])["{", " ", "\n", "}", "\"", "é", "\U0001F600"])[random.Next(7)],
        _ => ((char)random.Next(32, 127)).ToString(),
    };
}
