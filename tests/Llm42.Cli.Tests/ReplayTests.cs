using System.Text.Json.Nodes;
using Llm42.Testing;

namespace Llm42.Cli.Tests;

[TestClass]
[DoNotParallelize]
public sealed class ReplayTests
{
    private static readonly string[] Request =
        ["--prompt", "And God said", "--max-tokens", "24", "--deterministic", "--temperature", "0.7", "--seed", "3", "--ignore-eos"];

    private static string _directory = "";
    private static string _receipt = "";

    [ClassInitialize]
    public static async Task WriteReceipt(TestContext context)
    {
        _directory = Directory.CreateTempSubdirectory("llm42-test-").FullName;
        _receipt = Path.Combine(_directory, "receipt.json");
        Run run = await Cli.RunAsync(["generate", "demo", .. Request, "--threads", "1", "--drafter", "none", "--receipt", _receipt]);
        Assert.AreEqual(0, run.ExitCode, run.ToString());
        Assert.AreEqual("", run.Error, run.ToString());
    }

    [ClassCleanup]
    public static void RemoveReceipt() => Directory.Delete(_directory, recursive: true);

    [TestMethod]
    public async Task Receipt_holds_the_answer_and_is_the_same_whether_text_or_json_was_asked_for()
    {
        string file = Path.Combine(_directory, "json.json");
        JsonNode answer = await Cli.JsonAsync(
            ["generate", "demo", .. Request, "--planned-threads", "64", "--drafter", "same", "--receipt", file, "--logprobs", "2"]);
        JsonNode receipt = JsonNode.Parse(await File.ReadAllTextAsync(file))!;
        CollectionAssert.AreEqual(Cli.Integers(answer["token_ids"]), Cli.Integers(receipt["output"]!["token_ids"]));
        Assert.AreEqual("demo", receipt["model"]!["name"]!.GetValue<string>());
        Assert.AreEqual(await File.ReadAllTextAsync(_receipt), await File.ReadAllTextAsync(file));
        Assert.AreEqual(1, Directory.GetFiles(_directory).Count(name => name.Contains("json.json", StringComparison.Ordinal)), "something was left beside the receipt");
    }

    [TestMethod]
    public async Task Replay_is_identical_under_every_policy()
    {
        string[][] engines =
        [
            [],
            ["demo", "--threads", "2", "--planned-threads", "64", "--drafter", "same", "--window", "3"],
            ["--model-path", "demo", "--isa", "portable", "--page-size", "8", "--prefill-chunk", "2", "--no-prefix-cache"],
            ["--drafter", "same", "--llm42-skip-mismatch", "50", "--memory-limit", "64"],
        ];
        foreach (string[] engine in engines)
        {
            Run run = await Cli.RunAsync(["replay", _receipt, .. engine]);
            Assert.AreEqual(0, run.ExitCode, run.ToString());
            Assert.AreEqual("identical: 24 tokens and the bits of their log-probabilities\n", run.Output);
            Assert.AreEqual("", run.Error);
        }

        JsonNode json = await Cli.JsonAsync("replay", _receipt);
        Assert.AreEqual("""{"identical":true,"tokens":24,"notes":[]}""", json.ToJsonString());
    }

    [TestMethod]
    public async Task Edited_receipt_is_inconsistent()
    {
        string text = await File.ReadAllTextAsync(_receipt);
        JsonNode json = JsonNode.Parse(text)!;
        json["output"]!["token_ids"]![5] = 7;
        Cli.AssertRefused(await ReplayAsync(json), 1, "llm42 replay: ", "The receipt itself is inconsistent at token 5");
        json = JsonNode.Parse(text)!;
        json["request"]!["prompt_token_ids"]![1] = 7;
        Cli.AssertRefused(await ReplayAsync(json), 1, "The receipt itself is inconsistent");
        json = JsonNode.Parse(text)!;
        json["version"] = 2;
        Cli.AssertRefused(await ReplayAsync(json), 1, "its version is 2", "one of version 1");
        json["version"] = 3;
        Cli.AssertRefused(await ReplayAsync(json), 1, "version 3", "versions 1..2");
    }

    [TestMethod]
    public async Task Another_answer_is_told_with_its_place()
    {
        // Without tokens the digests are known: the chain ends where it begins.
        JsonNode json = JsonNode.Parse(await File.ReadAllTextAsync(_receipt))!;
        JsonNode output = json["output"]!;
        foreach (string member in (string[])["token_ids", "logprob_bits", "chain"])
            output[member] = new JsonArray();
        output["digest"] = output["inputs_digest"]!.GetValue<string>();
        Run run = await ReplayAsync(json);
        Assert.AreEqual(1, run.ExitCode, run.ToString());
        StringAssert.StartsWith(run.Output, "different at token 0: the end of the answer in the receipt, id ", StringComparison.Ordinal);
        run = await ReplayAsync(json, "--json");
        Assert.AreEqual(1, run.ExitCode, run.ToString());
        JsonNode difference = Cli.Parse(run);
        Assert.IsFalse(difference["identical"]!.GetValue<bool>());
        Assert.AreEqual(0, difference["first_difference"]!["index"]!.GetValue<int>());
        CollectionAssert.AreEqual(new[] { "index", "replay" }, Cli.Keys(difference["first_difference"]));
        CollectionAssert.AreEqual(new[] { "token_id", "logprob_bits" }, Cli.Keys(difference["first_difference"]!["replay"]));
    }

    [TestMethod]
    public async Task Another_model_or_profile_is_refused()
    {
        Cli.AssertRefused(await Cli.RunAsync("replay", _receipt, "--kv-dtype", "f32"), 1, "profile", "cpu-fma-1+kv-bf16", "cpu-fma-1+kv-f32");
        Cli.AssertRefused(await Cli.RunAsync("replay", _receipt, "no/such/model"), 1, "no/such/model");
        string copy = Path.Combine(_directory, "model");
        Directory.CreateDirectory(copy);
        foreach (string file in Directory.GetFiles(RepositoryRoot.InRoot("src/Llm42.Cli/DemoModel")))
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)), overwrite: true);
        await File.AppendAllTextAsync(Path.Combine(copy, "config.json"), "\n");
        Cli.AssertRefused(await Cli.RunAsync("replay", _receipt, copy), 1, "config digest", "there", "here");
    }

    [TestMethod]
    [DataRow("--deterministic", "generate", "demo", "--prompt", "x", "--receipt", "r")]
    [DataRow("--verifier fixed-shape", "generate", "demo", "--prompt", "x", "--deterministic", "--receipt", "r", "--verifier", "fixed-shape")]
    [DataRow("--verifier fixed-shape", "generate", "demo", "--prompt", "x", "--deterministic", "--receipt", "r", "--enable-llm42", "3")]
    [DataRow("--llm42-skip-mismatch 0", "generate", "demo", "--prompt", "x", "--deterministic", "--receipt", "r", "--llm42-skip-mismatch", "0")]
    [DataRow("must name a file", "generate", "demo", "--prompt", "x", "--deterministic", "--receipt", "")]
    [DataRow("--verifier fixed-shape", "replay", "r", "--verifier", "fixed-shape")]
    [DataRow("--llm42-skip-mismatch 0", "replay", "r", "--llm42-skip-mismatch", "0")]
    [DataRow("--enable-llm42 0", "replay", "r", "--enable-llm42", "0")]
    [DataRow("--model-path", "replay", "r", "demo", "--model-path", "demo")]
    [DataRow("replay", "replay")]
    [DataRow("--memory-limit is '-1'", "info", "demo", "--memory-limit", "-1")]
    public async Task Senseless_command_line_is_refused(string named, params string[] arguments)
    {
        // The wrong model is only told once the receipt has been read.
        string[] real = [.. arguments.Select(argument => argument == "r" && arguments[0] == "replay" ? _receipt : argument)];
        Cli.AssertRefused(await Cli.RunAsync(real), 2, named);
        Assert.IsFalse(File.Exists(RepositoryRoot.InRoot("r")));
    }

    [TestMethod]
    public async Task File_that_cannot_be_read_or_written_is_named()
    {
        Cli.AssertRefused(await Cli.RunAsync("replay", "no-such-receipt"), 1, "no-such-receipt");
        Cli.AssertRefused(await Cli.RunAsync("replay", RepositoryRoot.InRoot("README.md")), 1, "This is not a receipt");
        Cli.AssertRefused(await Cli.RunAsync(["generate", "demo", .. Request, "--receipt", "no/such/folder/r"]), 1, "no/such/folder/r");
        Cli.AssertRefused(await Cli.RunAsync(["generate", "demo", .. Request, "--receipt", _directory]), 1, "is a directory");
    }

    [TestMethod]
    public async Task Model_that_exceeds_the_memory_limit_is_refused_with_both_sizes() =>
        Cli.AssertRefused(await Cli.RunAsync("generate", "demo", "--prompt", "x", "--memory-limit", "4"), 1, "MemoryLimit is 4 MiB", "MiB");

    [TestMethod]
    public async Task Info_shows_the_digests_that_receipts_hold()
    {
        JsonNode engine = (await Cli.JsonAsync("info", "demo"))["engine"]!;
        JsonNode model = JsonNode.Parse(await File.ReadAllTextAsync(_receipt))!["model"]!;
        foreach (string name in (string[])["weights_digest", "tokenizer_digest", "config_digest"])
            Assert.AreEqual(model[name]!.GetValue<string>(), engine[name]!.GetValue<string>(), name);
    }

    private static Task<Run> ReplayAsync(JsonNode receipt, params string[] arguments)
    {
        string file = Path.Combine(_directory, Path.GetRandomFileName());
        File.WriteAllText(file, receipt.ToJsonString());
        return Cli.RunAsync(["replay", file, .. arguments]);
    }
}
