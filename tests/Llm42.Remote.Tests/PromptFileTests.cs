using Llm42.Cli.Options;
using Llm42.Cli.Remote;
using Llm42.Testing;

namespace Llm42.Remote.Tests;

[TestClass]
public sealed class PromptFileTests
{
    private readonly string _file = Path.GetTempFileName();

    [TestCleanup]
    public void Delete() => File.Delete(_file);

    [TestMethod]
    public async Task Lines_of_every_form_are_read()
    {
        IReadOnlyList<PromptLine> lines = await ReadAsync("""
            "a"
            {"prompt": "b", "max_tokens": 7}

            {"prompt": [1, 2]}
            {"question": "c", "answer": "d"}
            {"turns": ["e", "f"]}
            {"messages": [{"role": "user", "content": "g"}], "output_len": 9}
            {"conversations": [{"from": "human", "value": "h"}, {"from": "gpt", "value": "i"}]}
            {"conversations": [{"from": "gpt", "value": "j"}]}
            {"conversations": []}
            """);
        CollectionAssert.AreEqual(
            new[] { "a", "b", "token ids 1,2", "c", "e", """[{"role":"user","content":"g"}]""", "h" }, lines.Select(line => line.Prompt.InWords).ToArray());
        CollectionAssert.AreEqual(new int?[] { null, 7, null, null, null, 9, null }, lines.Select(line => line.MaxTokens).ToArray());
    }

    [TestMethod]
    public async Task One_array_is_read_too()
    {
        IReadOnlyList<PromptLine> lines = await ReadAsync("""
             [{"id": "x", "conversations": [{"from": "human", "value": "h"}]},
              {"prompt": "p"}, "q"]
            """);
        CollectionAssert.AreEqual(new[] { "h", "p", "q" }, lines.Select(line => line.Prompt.Text).ToArray());
    }

    [TestMethod]
    [DataRow("", "holds no prompt")]
    [DataRow("\"a\"\n{\"prompt\": ", "line 2 is no JSON")]
    [DataRow("\"a\"\n{\"title\": \"x\"}", "line 2: it must hold one of")]
    [DataRow("\"a\"\n7", "line 2")]
    [DataRow("{\"prompt\": [1, \"x\"]}", "line 1")]
    [DataRow("{\"prompt\": {}}", "line 1")]
    [DataRow("{\"prompt\": \"x\", \"max_tokens\": 0}", "max_tokens is 0")]
    [DataRow("{\"prompt\": \"x\", \"max_tokens\": \"y\"}", "line 1")]
    [DataRow("[{\"prompt\": \"x\"}, {]", "is no JSON")]
    [DataRow("[{\"prompt\": \"x\"}, null]", "item 2")]
    public async Task Files_that_cannot_be_read_are_refused_by_place(string text, string words)
    {
        UsageException error = await Assert.ThrowsExactlyAsync<UsageException>(() => ReadAsync(text));
        StringAssert.Contains(error.Message, words, StringComparison.Ordinal);
    }

    [TestMethod]
    [DataRow("mt_bench-question.jsonl", 80)]
    [DataRow("vicuna_bench-question.jsonl", 80)]
    [DataRow("gsm8k-test.jsonl", 1319)]
    public async Task Known_files_are_read(string name, int count)
    {
        IReadOnlyList<PromptLine> lines = await PromptFile.ReadAsync(RepositoryRoot.InShared($"data/prompts/{name}"), default);
        Assert.HasCount(count, lines);
        Assert.IsTrue(lines.All(line => line.Prompt.Text!.Length > 10));
    }

    private async Task<IReadOnlyList<PromptLine>> ReadAsync(string text)
    {
        await File.WriteAllTextAsync(_file, text);
        return await PromptFile.ReadAsync(_file, default);
    }
}
