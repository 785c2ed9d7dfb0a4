using System.Text;
using System.Text.Json;
using Llm42.Core.Requests;
using Llm42.Testing;
using Llm42.ToolCalls;

namespace Llm42.Tests.ToolCalls;

[TestClass]
public sealed class ToolCallParserTests
{
    private const string F = "{\"name\": \"f\", \"arguments\": {\"x\": [1, \"é\"]}}";
    private const string FCalled = "f({\"x\": [1, \"é\"]})";

    // Each text, what of it is content, and its calls.
    public static IEnumerable<object[]> Hermes =>
    [
        ["", "", ""],
        ["Just text, with < and <tool and a blank at the end ", "Just text, with < and <tool and a blank at the end ", ""],
        [" \n", " \n", ""],
        [$"<tool_call>{F}</tool_call>", "", FCalled],
        [$"<tool_call>\n{F}\n</tool_call>\n<tool_call>\n{{\"name\": \"g\", \"arguments\": {{}}}}\n</tool_call>\n", "", $"{FCalled} g({{}})"],
        [$"I look. \n<tool_call>{F}</tool_call>\n\nDone.\n", "I look.\n\nDone.\n", FCalled],
        [$"<tool_call>{F}", "", FCalled],
        ["<tool_call>{\"name\": \"f\", \"arguments\": {\"x\": ", "", "f({\"x\": )"],
        ["<tool_call>{\"name\": \"f\", \"argum", "<tool_call>{\"name\": \"f\", \"argum", ""],
        ["<tool_call>{\"name\": \"f\", \"arguments\": {\"x\": oops}}</tool_call> a", " a", "f({\"x\": oops})"],
        ["<tool_call>{\"name\": \"f\", \"arguments\": {\"x\": [1}}</tool_call> a", "}}</tool_call> a", "f({\"x\": [1)"],
        ["<tool_call>{\"name\": \"f\", \"arguments\": {\"x\": </tool_call> a", " a", "f({\"x\": )"],
        ["<tool_call>{\"arguments\": {\"x\": \"}\"}, \"name\": \"f\"}</tool_call>", "", "f({\"x\": \"}\"})"],
        ["<tool_call>{\"arguments\": {\"x\": [}]}, \"name\": \"f\"}</tool_call>", "<tool_call>{\"arguments\": {\"x\": [}]}, \"name\": \"f\"}</tool_call>", ""],
        ["<tool_call>{\"id\": [1, {\"a\": -2.5e3}], \"name\": \"f\", \"arguments\": {}, \"more\": null}</tool_call>", "", "f({})"],
        ["<tool_call>{\"name\": \"\", \"arguments\": {}}</tool_call>", "<tool_call>{\"name\": \"\", \"arguments\": {}}</tool_call>", ""],
        ["a<tool_call>no JSON</tool_call>b", "a<tool_call>no JSON</tool_call>b", ""],
        [$"<tool_call>no JSON<tool_call>{F}</tool_call>", "<tool_call>no JSON", FCalled],
        [$"<tool_call>no JSON</tool_call> <tool_call>{F}</tool_call>", "<tool_call>no JSON</tool_call>", FCalled],
        ["<tool_call>{\"name\": \"f\", \"arguments\": {\"x\": \"</tool_call>\"}}</tool_call>", "", "f({\"x\": \"</tool_call>\"})"],
        [$"<tool_call>{{\"name\": \"f</tool_call><tool_call>{F}</tool_call>", "<tool_call>{\"name\": \"f</tool_call>", FCalled],
        ["<tool_call>{\"name\": \"f\", \"arguments\": \"{\\\"x\\\": 1}\"}</tool_call>", "", "f({\"x\": 1})"],
        ["<tool_call>{\"name\": \"f\", \"arguments\": \"x\"}</tool_call>", "<tool_call>{\"name\": \"f\", \"arguments\": \"x\"}</tool_call>", ""],
        ["<tool_call>{\"name\": 1, \"arguments\": {}}</tool_call>", "<tool_call>{\"name\": 1, \"arguments\": {}}</tool_call>", ""],
        ["<tool_call>{\"name\": \"\\ud83d\", \"arguments\": {}}</tool_call>", "<tool_call>{\"name\": \"\\ud83d\", \"arguments\": {}}</tool_call>", ""],
        [$"<tool_call>{F}{F}</tool_call>", $"{F}</tool_call>", FCalled],
        ["<tool_call></tool_call>", "<tool_call></tool_call>", ""],
        ["</tool_call>", "</tool_call>", ""],
    ];

    public static IEnumerable<object[]> Llama3 =>
    [
        ["", "", ""],
        ["Text {\"name\": \"f\", \"parameters\": {}}", "Text {\"name\": \"f\", \"parameters\": {}}", ""],
        ["{\"name\": \"f\", \"parameters\": {\"x\": 1}}", "", "f({\"x\": 1})"],
        [" <|python_tag|>{\"type\": \"function\", \"name\": \"f\", \"parameters\": {\"x\": 1}}\n", "", "f({\"x\": 1})"],
        ["{\"name\": \"f\", \"parameters\": {}}; {\"name\": \"g\", \"parameters\": {}}", "", "f({}) g({})"],
        ["<|python_tag|>{\"name\": \"f\", \"parameters\": {}}<|python_tag|>{\"name\": \"g\", \"parameters\": {}}", "", "f({}) g({})"],
        ["I look.<|python_tag|>{\"name\": \"f\", \"parameters\": {}}", "I look.", "f({})"],
        ["{\"name\": \"f\", \"parameters\": {}} and more", " and more", "f({})"],
        ["{\"name\": \"f\", \"parameters\": {}}; {\"answer\": 42}", "; {\"answer\": 42}", "f({})"],
        ["a<|python_tag|>b<|python_tag|> {\"name\": \"f\", \"parameters\": {}} ; ", "a<|python_tag|>b", "f({})"],
        ["{\"answer\": 42}", "{\"answer\": 42}", ""],
        ["{\"name\": \"f\", \"parameters\": {", "", "f({)"],
        ["{\"name\": \"f\", \"parameters\": ", "{\"name\": \"f\", \"parameters\": ", ""],
        ["<|python_tag|>print(1)", "<|python_tag|>print(1)", ""],
        ["<|python", "<|python", ""],
        ["a <|python", "a <|python", ""],
    ];

    [TestMethod]
    [DynamicData(nameof(Hermes))]
    public void Hermes_calls_are_told_from_text_wherever_the_pieces_are_cut(string text, string content, string calls) =>
        AssertAtEveryCut(ToolCallFormat.Hermes, text, content, calls);

    [TestMethod]
    [DynamicData(nameof(Llama3))]
    public void Llama_3_calls_are_told_from_text_wherever_the_pieces_are_cut(string text, string content, string calls) =>
        AssertAtEveryCut(ToolCallFormat.Llama3, text, content, calls);

    [TestMethod]
    public void Text_is_given_out_as_it_comes_and_what_may_begin_a_call_is_held_back()
    {
        ToolCallParser parser = ToolCallParser.Create(ToolCallFormat.Hermes);
        Assert.AreEqual("Hello", parser.Append("Hello").Content);
        Assert.AreEqual("", parser.Append(" ").Content);
        Assert.AreEqual(" a", parser.Append("a<tool").Content);
        Assert.AreEqual("<tools", parser.Append("s").Content);
        AnswerPiece piece = parser.Append("<tool_call>" + F);
        Assert.AreEqual(FCalled, Of(piece.Calls));
        piece = parser.Append("</tool_call>");
        Assert.AreEqual(AnswerPiece.Empty.Content, piece.Content);
        Assert.IsEmpty(piece.Calls);
        Assert.AreEqual("after", parser.Append("after").Content);

        parser = ToolCallParser.Create(ToolCallFormat.Llama3);
        Assert.AreEqual("", parser.Append("\n").Content);
        Assert.AreEqual("\nWell", parser.Append("Well").Content);
        Assert.AreEqual(" {", parser.Append(" {").Content);
        Assert.AreEqual("", parser.Append("<|python_tag|>").Content);
    }

    [TestMethod]
    [DataRow(ToolCallFormat.Hermes, "<tool_call>", "arguments")]
    [DataRow(ToolCallFormat.Llama3, "", "parameters")]
    public void A_call_is_told_by_its_name_and_then_argument_by_argument(ToolCallFormat format, string begin, string member)
    {
        ToolCallParser parser = ToolCallParser.Create(format);
        Assert.IsEmpty(parser.Append($"{begin}{{\"name\": \"f\", \"{member}\": ").Calls);
        CollectionAssert.AreEqual(
            (ToolCallDelta[])[new(0, null, "f", "", false), new(0, null, null, "{\"x\"", false)], parser.Append("{\"x\"").Calls.ToArray());
        CollectionAssert.AreEqual((ToolCallDelta[])[new(0, null, null, ": \"a", false)], parser.Append(": \"a").Calls.ToArray());
        CollectionAssert.AreEqual((ToolCallDelta[])[new(0, null, null, "}\"}", false)], parser.Append("}\"}").Calls.ToArray());
        CollectionAssert.AreEqual((ToolCallDelta[])[new(0, null, null, "", true)], parser.Append("}").Calls.ToArray());
        Assert.IsEmpty(parser.Flush().Calls);
    }

    /// <summary>Conversations as the models' own templates write them, and the answers above, cut at random: they are the same.</summary>
    [TestMethod]
    [DataRow("qwen3", ToolCallFormat.Hermes)]
    [DataRow("llama3_1", ToolCallFormat.Llama3)]
    public void Recorded_conversations_are_the_same_however_they_are_cut(string model, ToolCallFormat format)
    {
        using JsonDocument recorded = JsonDocument.Parse(File.ReadAllBytes(RepositoryRoot.InShared($"data/tokenizers/{model}/chat.json")));
        List<string> answers = [.. (format == ToolCallFormat.Hermes ? Hermes : Llama3).Select(answer => (string)answer[0])];
        foreach (JsonElement @case in recorded.RootElement.GetProperty("cases").EnumerateArray())
        {
            string text = @case.GetProperty("rendered").GetString()!;
            answers.Add(text);
            answers.AddRange(text.Split("<|im_start|>assistant\n"));
            answers.AddRange(text.Split("<|end_header_id|>\n\n"));
        }
        int calls = 0;
        foreach (var (i, answer) in answers.Distinct().Index())
        {
            ChatAnswerReader whole = new(format, [1, 2]);
            whole.Append(new GenerationChunk(answer, [], FinishReason.Stop));
            calls += whole.Calls.Count;
            for (int seed = 0; seed < 20; seed++)
            {
                var random = new Random((1000 * i) + seed);
                ChatAnswerReader reader = new(format, [1, 2]);
                StringBuilder content = new();
                SortedDictionary<int, (string Id, string Name, string Arguments)> deltas = [];
                for (int position = 0; position < answer.Length || answer.Length == 0;)
                {
                    int length = Math.Min(random.Next(1, 1 + random.Next(1, 40)), answer.Length - position);
                    bool isLast = position + length == answer.Length;
                    AnswerPiece piece = reader.Append(new GenerationChunk(answer.Substring(position, length), [], isLast ? FinishReason.Stop : null));
                    content.Append(piece.Content);
                    foreach (ToolCallDelta delta in piece.Calls)
                    {
                        Assert.AreEqual(!deltas.ContainsKey(delta.Index), delta.Name is not null && delta.Id is not null);
                        var (id, name, arguments) = deltas.GetValueOrDefault(delta.Index);
                        deltas[delta.Index] = (id ?? delta.Id!, name ?? delta.Name!, arguments + delta.Arguments);
                    }
                    position += length;
                    if (isLast)
                        break;
                }
                string shown = $"answer {i}, seed {seed}: {answer}";
                Assert.AreEqual(whole.Content, content.ToString(), shown);
                Assert.AreEqual(whole.Content, reader.Content, shown);
                CollectionAssert.AreEqual(whole.Calls.ToArray(), reader.Calls.ToArray(), shown);
                CollectionAssert.AreEqual(
                    whole.Calls.ToArray(), deltas.Values.Select(call => new ToolCall(call.Id, call.Name, call.Arguments)).ToArray(), shown);
            }
        }
        Assert.IsGreaterThan(8, calls, "the conversations call nothing");
    }

    [TestMethod]
    public void Without_a_format_everything_is_text()
    {
        ToolCallParser parser = ToolCallParser.Create(ToolCallFormat.None);
        Assert.AreEqual($"<tool_call>{F}</tool_call>", parser.Append($"<tool_call>{F}</tool_call>").Content);
        Assert.AreEqual("", parser.Flush().Content);
    }

    [TestMethod]
    public void An_answer_of_nothing_but_tags_is_text()
    {
        ToolCallParser parser = ToolCallParser.Create(ToolCallFormat.Hermes);
        string text = string.Concat(Enumerable.Repeat("<tool_call>", 3000));
        AnswerPiece piece = parser.Append(text);
        Assert.AreEqual(text, piece.Content + parser.Flush().Content);
    }

    [TestMethod]
    [DataRow("call <tool_call>{\"name\": ...}", ToolCallFormat.Hermes)]
    [DataRow("call <tool_call><function=f>", ToolCallFormat.None)]
    [DataRow("call <tool_call>f<arg_key>", ToolCallFormat.None)]
    [DataRow("<|start_header_id|> {\"name\": f, \"parameters\": d}", ToolCallFormat.Llama3)]
    [DataRow("<|im_start|>{{ messages }}", ToolCallFormat.None)]
    public void A_template_tells_the_format(string template, ToolCallFormat expected) => Assert.AreEqual(expected, ToolCallFormats.Of(template));

    private static void AssertAtEveryCut(ToolCallFormat format, string text, string content, string calls)
    {
        for (int first = 0; first <= text.Length; first++)
        {
            for (int second = first; second <= text.Length; second += 7)
                AssertPieces(text[..first], text[first..second], text[second..]);
        }
        AssertPieces([.. text.Select(c => c.ToString())]);

        void AssertPieces(params string[] pieces)
        {
            ToolCallParser parser = ToolCallParser.Create(format);
            AnswerPiece[] parsed = [.. pieces.Select(parser.Append), parser.Flush()];
            string cut = string.Join('|', pieces);
            Assert.IsTrue(parsed.SelectMany(piece => piece.Calls).GroupBy(delta => delta.Index).All(call => call.Count(delta => delta.IsLast) == 1), cut);
            Assert.AreEqual(content, string.Concat(parsed.Select(piece => piece.Content)), cut);
            Assert.AreEqual(calls, Of(parsed.SelectMany(piece => piece.Calls)), cut);
        }
    }

    private static string Of(IEnumerable<ToolCallDelta> calls) => string.Join(' ', calls.GroupBy(delta => delta.Index)
        .Select(call => $"{call.First().Name}({string.Concat(call.Select(delta => delta.Arguments))})"));
}
