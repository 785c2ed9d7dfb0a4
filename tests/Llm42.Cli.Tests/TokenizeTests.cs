using System.Text.Json.Nodes;
using Llm42.Testing;

namespace Llm42.Cli.Tests;

[TestClass]
public sealed class TokenizeTests
{
    [TestMethod]
    public async Task Plain_json_and_standard_input_agree()
    {
        Run plain = await Cli.RunAsync("tokenize", "demo", "--prompt", "Fear ye not");
        Run piped = await Cli.RunWithInputAsync("Fear ye not", "tokenize", "demo");
        JsonNode json = await Cli.JsonAsync("tokenize", "demo", "--prompt", "Fear ye not");
        int[] ids = Cli.Integers(json["token_ids"]);
        Assert.AreEqual(string.Join(',', ids) + "\n", plain.Output);
        Assert.AreEqual(plain.Output, piped.Output);
        Assert.AreEqual(0, ids[0], "the demo model begins with <|begin|>");
        JsonNode bare = await Cli.JsonAsync("tokenize", "demo", "--prompt", "Fear ye not", "--no-special-tokens");
        CollectionAssert.AreEqual(ids[1..], Cli.Integers(bare["token_ids"]));
    }

    [TestMethod]
    public async Task Jsonl_answers_line_by_line()
    {
        Run run = await Cli.RunWithInputAsync(
            "\"Fear ye not\"\n{\"text\": \"two\\nlines \\u00e9\"}\n\n\"\"\n", "tokenize", "demo", "--jsonl", "--no-special-tokens");
        Assert.AreEqual(0, run.ExitCode, run.ToString());
        string[] lines = run.Output.TrimEnd('\n').Split('\n');
        Assert.HasCount(3, lines);
        JsonNode alone = await Cli.JsonAsync("tokenize", "demo", "--prompt", "two\nlines \u00e9", "--no-special-tokens");
        Assert.AreEqual(alone.ToJsonString(), lines[1]);
        Assert.AreEqual("{\"token_ids\":[]}", lines[2]);
    }

    [TestMethod]
    [DataRow("\"a\"\nnot json\n", "line 2")]
    [DataRow("7\n", "line 1")]
    public async Task Bad_line_is_named(string input, string named)
    {
        Run run = await Cli.RunWithInputAsync(input, "tokenize", "demo", "--jsonl");
        Assert.AreEqual(1, run.ExitCode, run.ToString());
        StringAssert.Contains(run.Error, named, StringComparison.Ordinal);
    }
}
