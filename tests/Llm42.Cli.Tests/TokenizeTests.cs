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
            "\"Fear ye not\"\n{\"text\": \"two\\nlines \\u00e9\"}\n\n{\"text\": \"\"}\n", "tokenize", "demo", "--jsonl");
        Assert.AreEqual(0, run.ExitCode, run.ToString());
        string[] lines = run.Output.TrimEnd('\n').Split('\n');
        Assert.HasCount(3, lines);
        JsonNode with = await Cli.JsonAsync("tokenize", "demo", "--prompt", "two\nlines \u00e9");
        JsonNode without = await Cli.JsonAsync("tokenize", "demo", "--prompt", "two\nlines \u00e9", "--no-special-tokens");
        JsonNode line = JsonNode.Parse(lines[1])!;
        CollectionAssert.AreEqual((string[])["ids", "ids_with_special", "decoded"], Cli.Keys(line));
        CollectionAssert.AreEqual(Cli.Integers(without["token_ids"]), Cli.Integers(line["ids"]));
        CollectionAssert.AreEqual(Cli.Integers(with["token_ids"]), Cli.Integers(line["ids_with_special"]));
        Assert.AreEqual("two\nlines \u00e9", (string?)line["decoded"]);
        Assert.AreEqual("""{"ids":[],"ids_with_special":[0],"decoded":""}""", lines[2]);
    }

    [TestMethod]
    [DataRow("qwen3")]
    [DataRow("llama3_1")]
    [DataRow("llama2")]
    public async Task Jsonl_gives_the_vectors_of_real_tokenizers_without_a_model(string name)
    {
        string folder = RepositoryRoot.InShared($"data/tokenizers/{name}");
        JsonArray cases = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(folder, "vectors.json")))!["cases"]!.AsArray();
        string input = string.Concat(cases.Select(vector => new JsonObject { ["text"] = (string)vector!["text"]! }.ToJsonString() + "\n"));
        Run run = await Cli.RunWithInputAsync(input, "tokenize", folder, "--jsonl");
        Assert.AreEqual(0, run.ExitCode, run.ToString());
        string[] lines = run.Output.TrimEnd('\n').Split('\n');
        Assert.HasCount(cases.Count, lines);
        foreach ((JsonNode? expected, string line) in cases.Zip(lines))
        {
            JsonObject actual = JsonNode.Parse(line)!.AsObject();
            var wanted = (JsonObject)expected!.DeepClone();
            wanted.Remove("text");
            Assert.IsTrue(JsonNode.DeepEquals(wanted, actual), $"{name}: {expected["text"]}");
        }
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
