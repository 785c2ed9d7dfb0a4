using System.Diagnostics;
using System.Text.Json.Nodes;
using Llm42.Cli.Determinism;
using Llm42.Testing;

namespace Llm42.Cli.Tests;

[TestClass]
[DoNotParallelize]
public sealed class CheckTests
{
    private static readonly string[] Small = ["--runs", "4", "--tokens", "12", "--neighbours", "3"];

    [TestMethod]
    public async Task Json_holds_sections_rows_and_throughput()
    {
        JsonNode json = await Cli.JsonAsync(["check", "demo", .. Small, "--repetitions", "1", "--threads", "2"]);
        Assert.IsTrue(json["pass"]!.GetValue<bool>());
        JsonArray sections = json["sections"]!.AsArray();
        Assert.HasCount(3, sections);
        Assert.IsTrue(sections[0]!["engine"]!["fast_is_invariant"]!.GetValue<bool>());
        Assert.AreEqual(64, sections[1]!["engine"]!["planned_threads"]!.GetValue<int>());
        Assert.IsFalse(sections[1]!["engine"]!["fast_is_invariant"]!.GetValue<bool>());
        CollectionAssert.AreEqual(
            new[] { "is_deterministic", "temperature", "runs", "distinct_token_ids", "distinct_outputs", "num_verification_windows",
                "num_rollbacks", "tokens_rolled_back", "tokens_per_second" },
            Cli.Keys(sections[0]!["rows"]![0]));
        foreach (JsonNode? row in sections.SelectMany(section => section!["rows"]!.AsArray()))
        {
            Assert.AreEqual(4, row!["runs"]!.GetValue<int>());
            if (row["is_deterministic"]!.GetValue<bool>())
                Assert.AreEqual(1, row["distinct_outputs"]!.GetValue<int>());
        }

        Assert.IsGreaterThan(0, sections[2]!["rows"]![0]!["num_rollbacks"]!.GetValue<int>());
        JsonArray throughput = json["throughput"]!.AsArray();
        string[] expected = ["none 1", "none 4", "none 16", "same 1", "same 4", "same 16"];
        CollectionAssert.AreEqual(
            expected,
            throughput.Select(figure => $"{figure!["drafter"]!.GetValue<string>()} {figure["concurrency"]!.GetValue<int>()}").ToArray());
        foreach (JsonNode? figure in throughput)
            Assert.IsGreaterThan(0.0, figure!["ratio"]!.GetValue<double>());
    }

    [TestMethod]
    public async Task Flat_model_passes_by_its_rollbacks_and_fails_without_them()
    {
        // Logits so flat that the order of additions decides: without rollback, drafts of fast numerics reach the client.
        string model = new RandomModel().Write(Directory.CreateTempSubdirectory("llm42-test-").FullName, seed: 42);
        try
        {
            string[] arguments =
            [
                "check", model, "--prompt-ids", "1,2,3", "--planned-threads", "64", "--drafter", "same", "--window", "16", "--runs", "12",
                "--tokens", "64", "--repetitions", "0",
            ];
            JsonArray rows = (await Cli.JsonAsync(arguments))["sections"]![0]!["rows"]!.AsArray();
            Assert.IsGreaterThan(1, rows[0]!["distinct_token_ids"]!.GetValue<int>(), "without determinism");
            Assert.IsGreaterThan(0, rows[2]!["num_rollbacks"]!.GetValue<int>(), "with determinism");

            Run broken = await Cli.RunAsync([.. arguments, "--llm42-skip-mismatch", "0", "--json"]);
            Assert.AreEqual(1, broken.ExitCode, broken.ToString());
            JsonNode json = Cli.Parse(broken);
            Assert.IsFalse(json["pass"]!.GetValue<bool>());
            Assert.IsGreaterThan(0, json["failures"]!.AsArray().Count);
            StringAssert.Contains(broken.Error, "\nFAIL: ", StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(model, recursive: true);
        }
    }

    [TestMethod]
    public async Task Without_determinism_a_many_core_split_changes_bits_with_the_load()
    {
        JsonNode json = await Cli.JsonAsync(
            "check", "demo", "--planned-threads", "64", "--runs", "12", "--tokens", "64", "--repetitions", "0");
        JsonArray rows = json["sections"]![0]!["rows"]!.AsArray();
        Assert.IsGreaterThan(1, rows[0]!["distinct_outputs"]!.GetValue<int>());
        Assert.IsGreaterThan(1, rows[1]!["distinct_outputs"]!.GetValue<int>());
    }

    [TestMethod]
    public async Task Plain_form_is_lines_without_control_characters_and_ends_with_the_verdict()
    {
        Run run = await Cli.RunAsync(["demo", .. Small, "--repetitions", "0", "--threads", "2"]);
        Assert.AreEqual(0, run.ExitCode, run.ToString());
        Assert.IsFalse(run.Output.Any(character => char.IsControl(character) && character != '\n'), run.ToString());
        Assert.IsFalse(run.Error.Any(character => char.IsControl(character) && character != '\n'), run.ToString());
        string[] lines = run.Output.TrimEnd('\n').Split('\n');
        StringAssert.StartsWith(lines[^1], "PASS: ", StringComparison.Ordinal);
        Assert.IsTrue(lines.Any(line => line.StartsWith("mode ", StringComparison.Ordinal) && line.EndsWith("tokens/s", StringComparison.Ordinal)));
        StringAssert.Contains(run.Output, "coincide here", StringComparison.Ordinal);
    }

    [TestMethod]
    public async Task Demo_and_check_of_the_embedded_model_are_one()
    {
        string[] arguments = [.. Small, "--repetitions", "0", "--prompt", "And God said", "--seed", "9"];
        JsonNode demo = await Cli.JsonAsync(["demo", .. arguments]);
        JsonNode check = await Cli.JsonAsync(["check", "demo", .. arguments]);
        Assert.AreEqual(demo["options"]!.ToJsonString(), check["options"]!.ToJsonString());
        Assert.AreEqual(
            demo["sections"]![0]!["engine"]!["fingerprint"]!.GetValue<string>(),
            check["sections"]![0]!["engine"]!["fingerprint"]!.GetValue<string>());
    }

    [TestMethod]
    public async Task Interrupt_ends_it_cleanly_with_status_130()
    {
        if (OperatingSystem.IsWindows())
            Assert.Inconclusive("there is no SIGINT to send here.");
        using Process process = Run.Start(RepositoryRoot.Command, ["demo", "--runs", "100000", "--repetitions", "0"]);
        Assert.IsNotNull(await process.StandardError.ReadLineAsync(), "the check announces its first stage");
        Run kill = await Run.ProgramAsync("kill", ["-INT", $"{process.Id}"]);
        Assert.AreEqual(0, kill.ExitCode, kill.ToString());
        await process.WaitForExitAsync();
        Assert.AreEqual(130, process.ExitCode);
        Assert.AreEqual("", await process.StandardOutput.ReadToEndAsync());
        Assert.AreEqual("", await process.StandardError.ReadToEndAsync());
    }
}
