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
        ["<tool_call>{\"name\": \"f\", \"arguments\": {\"x\": ", "<tool_call>{\"name\": \"f\", \"arguments\": {\"x\": ", ""],
        ["a<tool_call>no JSON</tool_call>b", "a<tool_call>no JSON</tool_call>b", ""],
        [$"<tool_call>no JSON<tool_call>{F}</tool_call>", "<tool_call>no JSON", FCalled],
        [$"<tool_call>no JSON</tool_call> <tool_call>{F}</tool_call>", "<tool_call>no JSON</tool_call>", FCalled],
        ["<tool_call>{\"name\": \"f\", \"arguments\": {\"x\": \"</tool_call>\"}}</tool_call>", "", "f({\"x\": \"</tool_call>\"})"],
        [$"<tool_call>{{\"name\": \"f</tool_call><tool_call>{F}</tool_call>", "<tool_call>{\"name\": \"f</tool_call>", FCalled],
        ["<tool_call>{\"name\": \"f\", \"arguments\": \"{\\\"x\\\": 1}\"}</tool_call>", "", "f({\"x\": 1})"],
        ["<tool_call>{\"name\": \"f\", \"arguments\": \"x\"}</tool_call>", "<tool_call>{\"name\": \"f\", \"arguments\": \"x\"}</tool_call>", ""],
        ["<tool_call>{\"name\": 1, \"arguments\": {}}</tool_call>", "<tool_call>{\"name\": 1, \"arguments\": {}}</tool_call>", ""],
        ["<tool_call>{\"name\": \"\\ud83d\", \"arguments\": {}}</tool_call>", "<tool_call>{\"name\": \"\\ud83d\", \"arguments\": {}}</tool_call>", ""],
        [$"<tool_call>{F}{F}</tool_call>", $"<tool_call>{F}{F}</tool_call>", ""],
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
        ["{\"name\": \"f\", \"parameters\": {}} and more", "{\"name\": \"f\", \"parameters\": {}} and more", ""],
        ["{\"answer\": 42}", "{\"answer\": 42}", ""],
        ["{\"name\": \"f\", \"parameters\": {", "{\"name\": \"f\", \"parameters\": {", ""],
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
        Assert.AreEqual("", parser.Append("<tool_call>" + F).Content);
        AnswerPiece piece = parser.Append("</tool_call>");
        Assert.AreEqual(FCalled, Of(piece.Calls));
        Assert.AreEqual("after", parser.Append("after").Content);

        parser = ToolCallParser.Create(ToolCallFormat.Llama3);
        Assert.AreEqual("", parser.Append("\n").Content);
        Assert.AreEqual("\nWell", parser.Append("Well").Content);
        Assert.AreEqual(" {", parser.Append(" {").Content);
        Assert.AreEqual("", parser.Append("<|python_tag|>").Content);
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
            Assert.AreEqual(content, string.Concat(parsed.Select(piece => piece.Content)), cut);
            Assert.AreEqual(calls, Of(parsed.SelectMany(piece => piece.Calls)), cut);
        }
    }

    private static string Of(IEnumerable<ToolCall> calls) => string.Join(' ', calls.Select(call => $"{call.Name}({call.Arguments})"));
}
