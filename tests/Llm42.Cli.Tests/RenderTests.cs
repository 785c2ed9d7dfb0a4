using System.Text.Json;
using System.Text.Json.Nodes;
using Llm42.Testing;

namespace Llm42.Cli.Tests;

[TestClass]
public sealed class RenderTests
{
    private const string Template =
        "{{ bos_token }}{% for m in messages %}{% if m.role not in ['user', 'assistant'] %}{{ raise_exception('Unknown role: ' ~ m.role) }}{% endif %}"
        + "{{ m.role }}: {{ m.content }}\n{% endfor %}{% if add_generation_prompt %}assistant:{% endif %}{{ mood }}";

    private string _directory = "";

    [TestInitialize]
    public void Create()
    {
        _directory = Directory.CreateTempSubdirectory("llm42-test-").FullName;
        foreach (string name in (string[])["tokenizer.json", "tokenizer_config.json"])
            File.Copy(RepositoryRoot.InRoot($"src/Llm42.Cli/DemoModel/{name}"), Path.Combine(_directory, name));
        File.WriteAllText(Path.Combine(_directory, "chat_template.jinja"), Template);
    }

    [TestCleanup]
    public void Delete() => Directory.Delete(_directory, recursive: true);

    [TestMethod]
    public async Task Prompt_is_written_as_it_is_and_with_its_ids()
    {
        const string Request = """{"messages": [{"role": "user", "content": "Fear ye not é"}], "add_generation_prompt": true}""";
        const string Prompt = "<|begin|>user: Fear ye not é\nassistant:";
        Run plain = await Cli.RunWithInputAsync(Request, "render", _directory);
        Assert.AreEqual(Prompt, plain.Output, plain.ToString());
        Run json = await Cli.RunWithInputAsync(Request, "render", _directory, "--json");
        JsonNode answer = Cli.Parse(json);
        Assert.AreEqual(Prompt, (string?)answer["text"]);
        JsonNode tokens = await Cli.JsonAsync("tokenize", _directory, "--prompt", Prompt, "--no-special-tokens");
        CollectionAssert.AreEqual(Cli.Integers(tokens["token_ids"]), Cli.Integers(answer["ids"]));
        Assert.AreEqual(0, Cli.Integers(answer["ids"])[0], "the template wrote <|begin|>, once");

        File.Delete(Path.Combine(_directory, "tokenizer.json"));
        Run bare = await Cli.RunWithInputAsync(Request, "render", _directory, "--json");
        CollectionAssert.AreEqual(new[] { "text" }, Cli.Keys(Cli.Parse(bare)));
    }

    [TestMethod]
    public async Task Jsonl_answers_line_by_line()
    {
        Run run = await Cli.RunWithInputAsync(
            "{\"messages\": [], \"mood\": \"a\"}\n\n{\"messages\": [], \"mood\": \"b\"}\n", "render", _directory, "--jsonl");
        Assert.AreEqual(0, run.ExitCode, run.ToString());
        string[] texts = [.. run.Output.TrimEnd('\n').Split('\n').Select(line => JsonDocument.Parse(line).RootElement.GetProperty("text").GetString()!)];
        CollectionAssert.AreEqual(new[] { "<|begin|>a", "<|begin|>b" }, texts);
        Run bad = await Cli.RunWithInputAsync("{\"messages\": []}\n{\"messages\": 7}\n", "render", _directory, "--jsonl");
        Assert.AreEqual(1, bad.ExitCode);
        StringAssert.Contains(bad.Error, "line 2 of standard input: \"messages\" is a number", StringComparison.Ordinal);
    }

    [TestMethod]
    [DataRow("{\n \"messages\": [,]}", "line 2, byte 15")]
    [DataRow("", "line 1, byte 1")]
    [DataRow("[]", "the request is a list")]
    [DataRow("""{"messages": [{"role": "god", "content": "x"}]}""", "refuses the request: Unknown role: god")]
    public async Task Bad_request_is_refused(string input, string named) =>
        Cli.AssertRefused(await Cli.RunWithInputAsync(input, "render", _directory), 1, "llm42 render: ", named);

    [TestMethod]
    public async Task Model_without_a_template_or_with_a_broken_one_is_named()
    {
        Cli.AssertRefused(await Cli.RunWithInputAsync("{}", "render", "demo"), 1, "has no chat template");
        Cli.AssertRefused(await Cli.RunWithInputAsync("{}", "render", "no/such/model"), 1, "no/such/model");
        Cli.AssertRefused(await Cli.RunWithInputAsync("{}", "render"), 2, "no model is given");
        await File.WriteAllTextAsync(Path.Combine(_directory, "chat_template.jinja"), "a\n{% if %}");
        Cli.AssertRefused(await Cli.RunWithInputAsync("{}", "render", _directory), 1, "chat_template.jinja, line 2, column 7");
    }
}
