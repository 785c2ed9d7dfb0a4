using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Llm42.Cli.Determinism;
using Llm42.Testing;

namespace Llm42.Cli.Tests;

/// <summary>`check --explain`.</summary>
[TestClass]
[DoNotParallelize]
public sealed partial class ExplainTests
{
    private const int PromptTokens = 3;
    private const int Tokens = 32;

    private static readonly string[] Small =
        ["--planned-threads", "64", "--runs", "6", "--tokens", "32", "--repetitions", "0", "--prompt-ids", "1,2,3"];

    [TestMethod]
    public async Task Fast_runs_part_somewhere_and_deterministic_ones_nowhere()
    {
        JsonNode json = await Cli.JsonAsync(["check", "demo", "--explain", .. Small]);
        Assert.IsTrue(json["pass"]!.GetValue<bool>());
        JsonNode section = json["explain"]!["sections"]!.AsArray().Single()!;
        Assert.AreEqual(json["sections"]![0]!["name"]!.GetValue<string>(), section["name"]!.GetValue<string>());
        JsonArray rows = section["rows"]!.AsArray();
        Assert.HasCount(4, rows);
        foreach (JsonNode? row in rows)
        {
            // Logits behind the prompt's last token and behind all but the last of the answer.
            const int Positions = PromptTokens + Tokens - 1;
            Assert.AreEqual(Positions, row!["positions"]!.GetValue<int>());
            Assert.AreEqual((Positions * LayersOf(json)) + Tokens, row["hashes"]!.GetValue<int>());
            JsonNode? difference = row["first_difference"];
            if (row["is_deterministic"]!.GetValue<bool>())
            {
                Assert.IsNull(difference, json.ToJsonString());
                Assert.AreEqual(6, row["runs"]!.GetValue<int>());
                continue;
            }

            Assert.IsNotNull(difference, json.ToJsonString());
            // The prompt is run under invariant numerics.
            int position = difference["position"]!.GetValue<int>();
            Assert.IsGreaterThanOrEqualTo(PromptTokens, position);
            Assert.AreEqual(position - PromptTokens + 1, difference["answer_token"]!.GetValue<int>());
            StringAssert.Matches(difference["stage"]!.GetValue<string>(), Stage());
            Assert.IsGreaterThan(0, difference["run"]!.GetValue<int>());
            Assert.IsGreaterThan(0, difference["neighbours"]!.GetValue<int>());
            Assert.IsTrue(difference["answer_differs"]!.GetValue<bool>());
        }
    }

    [TestMethod]
    public async Task Places_are_told_in_words()
    {
        Run run = await Cli.RunAsync(["check", "demo", "--explain", .. Small]);
        Assert.AreEqual(0, run.ExitCode, run.ToString());
        StringAssert.Matches(run.Output, Difference());
        StringAssert.Contains(run.Output, "deterministic, temperature 0: all ", StringComparison.Ordinal);
        StringAssert.Contains(run.Output, " hashes of all 34 positions agree over 6 runs.\n", StringComparison.Ordinal);
        StringAssert.StartsWith(run.Output.TrimEnd('\n').Split('\n')[^1], "PASS: ", StringComparison.Ordinal);
    }

    [TestMethod]
    public async Task Deterministic_runs_that_part_are_a_failure()
    {
        // Logits so flat that drafts are often wrong; without rollback the wrong ones stay, and are what the rows behind them begin with.
        string model = new RandomModel().Write(Directory.CreateTempSubdirectory("llm42-test-").FullName, seed: 42);
        try
        {
            Run run = await Cli.RunAsync(
                "check", model, "--explain", "--prompt-ids", "1,2,3", "--planned-threads", "64", "--drafter", "same", "--window", "16",
                "--runs", "12", "--tokens", "64", "--repetitions", "0", "--llm42-skip-mismatch", "0", "--json");
            Assert.AreEqual(1, run.ExitCode, run.ToString());
            JsonNode json = Cli.Parse(run);
            Assert.IsFalse(json["pass"]!.GetValue<bool>());
            JsonNode?[] parted = [.. json["explain"]!["sections"]![0]!["rows"]!.AsArray().Where(
                row => row!["is_deterministic"]!.GetValue<bool>() && row["first_difference"] is not null)];
            Assert.IsNotEmpty(parted, run.ToString());
            Assert.AreEqual("embedding", parted[0]!["first_difference"]!["stage"]!.GetValue<string>());
            StringAssert.Matches(run.Error, Failure());
        }
        finally
        {
            Directory.Delete(model, recursive: true);
        }
    }

    [TestMethod]
    public async Task Nothing_is_explained_unasked()
    {
        JsonNode json = await Cli.JsonAsync(["check", "demo", .. Small]);
        CollectionAssert.DoesNotContain(Cli.Keys(json), "explain");
    }

    private static int LayersOf(JsonNode json) => 1 + (2 * json["model"]!["layers"]!.GetValue<int>());

    [GeneratedRegex("^(layer [0-9]+ (attention|mlp)|logits)$")]
    private static partial Regex Stage();

    [GeneratedRegex(@"fast, temperature 0: run \d+, beside \d+ neighbours: first difference: position \d+ \(token \d+ of the answer\), (layer \d+ (attention|mlp)|logits)\.\n")]
    private static partial Regex Difference();

    [GeneratedRegex(@"\nFAIL: deterministic runs at temperature \S+ part \(.*\): first difference: position \d+ \(token \d+ of the answer\), embedding\.\n")]
    private static partial Regex Failure();
}
