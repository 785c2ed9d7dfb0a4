using System.Text.Json.Nodes;
using Llm42.Testing;

namespace Llm42.Cli.Tests;

/// <summary>A model directory without a tokenizer is worked with by token ids.</summary>
[TestClass]
public sealed class TokenIdsTests
{
    private static ModelCopy _model = null!;

    [ClassInitialize]
    public static void CopyModel(TestContext context) => _model = new ModelCopy("tokenizer.json", "tokenizer_config.json");

    [ClassCleanup]
    public static void DeleteModel() => _model.Dispose();

    [TestMethod]
    public async Task Generate_gives_the_ids_that_the_whole_model_gives()
    {
        string[] arguments = ["--prompt-ids", "0,72,342", "--max-tokens", "6", "--deterministic"];
        JsonNode whole = await Cli.JsonAsync(["generate", "demo", .. arguments]);
        Run plain = await Cli.RunAsync(["generate", _model.Path, .. arguments]);
        Assert.AreEqual(string.Join(',', Cli.Integers(whole["token_ids"])) + "\n", plain.Output, plain.ToString());
    }

    [TestMethod]
    public async Task Score_takes_ids()
    {
        JsonNode bare = await Cli.JsonAsync("score", _model.Path, "--prompt-ids", "0,72,342");
        Assert.HasCount(3, bare["positions"]!.AsArray());
    }

    [TestMethod]
    public async Task Check_takes_ids()
    {
        Run run = await Cli.RunAsync("check", _model.Path, "--prompt-ids", "0,72,342", "--runs", "2", "--tokens", "8", "--repetitions", "0");
        Assert.AreEqual(0, run.ExitCode, run.ToString());
        StringAssert.Contains(run.Output, "PASS", StringComparison.Ordinal);
    }

    [TestMethod]
    public async Task Info_says_so_and_a_check_of_the_files_warns()
    {
        JsonNode info = await Cli.JsonAsync("info", _model.Path);
        Assert.IsFalse(info.AsObject().ContainsKey("tokenizer"));
        Assert.AreEqual(64, info["engine"]!["fingerprint"]!.GetValue<string>().Length);
        Assert.IsFalse(info["defaults"]!["end_tokens"]![0]!.AsObject().ContainsKey("token"));
        JsonNode report = await Cli.JsonAsync("info", _model.Path, "--verify");
        StringAssert.Contains(report["warnings"]![0]!["message"]!.GetValue<string>(), "prompts must be token ids", StringComparison.Ordinal);
    }

    [TestMethod]
    public async Task Text_is_refused_with_the_way_out() =>
        Cli.AssertRefused(await Cli.RunAsync("generate", _model.Path, "--prompt", "x"), 2, "no tokenizer.json", "--prompt-ids 1,2,3");
}
