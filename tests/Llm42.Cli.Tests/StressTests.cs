using System.Text.Json.Nodes;
using Llm42.Cli.Determinism;
using Llm42.Testing;

namespace Llm42.Cli.Tests;

[TestClass]
[DoNotParallelize]
public sealed class StressTests
{
    private static readonly string[] Small = ["--stress", "--configurations", "4", "--answers", "24", "--tokens", "8"];

    [TestMethod]
    public async Task Deterministic_answers_are_the_idle_engines_and_the_control_shows_that_others_are_not()
    {
        JsonNode json = await Cli.JsonAsync(["check", "demo", .. Small, "--isa", "auto"]);
        CollectionAssert.AreEqual(
            new[] { "pass", "failures", "answers", "configurations", "differing", "control_answers", "control_differing",
                "control_deterministic_answers", "control_deterministic_differing", "seed", "max_tokens", "tokens", "elapsed_seconds",
                "repeated_answers", "cancelled_answers", "neighbours", "num_verification_windows", "num_rollbacks", "num_forced_rollbacks",
                "tokens_rolled_back", "control_deterministic_rollbacks", "num_preemptions", "cached_tokens", "dimensions", "differences",
                "model", "engine" },
            Cli.Keys(json));
        Assert.IsTrue(json["pass"]!.GetValue<bool>(), json.ToJsonString());
        Assert.HasCount(0, json["failures"]!.AsArray());
        Assert.HasCount(0, json["differences"]!.AsArray());
        Assert.AreEqual(4, Count(json, "configurations"));
        Assert.IsGreaterThanOrEqualTo(24, Count(json, "answers"));
        Assert.IsGreaterThan(24, Count(json, "tokens"));
        Assert.AreEqual(0, Count(json, "differing"));
        Assert.IsGreaterThan(0, Count(json, "control_differing"));
        Assert.IsLessThanOrEqualTo(Count(json, "control_answers"), Count(json, "control_differing"));
        // The random model's drafts are often wrong, and its deterministic answers are right all the same.
        Assert.IsGreaterThan(0, Count(json, "control_deterministic_rollbacks"));
        Assert.AreEqual(0, Count(json, "control_deterministic_differing"));
        foreach (KeyValuePair<string, JsonNode?> dimension in json["dimensions"]!.AsObject())
            Assert.AreEqual(4, dimension.Value!.AsObject().Sum(value => value.Value!.GetValue<int>()), dimension.Key);
    }

    [TestMethod]
    public async Task Without_rollback_answers_differ_and_the_check_says_where()
    {
        string model = new RandomModel().Write(Directory.CreateTempSubdirectory("llm42-test-").FullName, seed: 42);
        try
        {
            string[] arguments = ["check", model, .. Small, "--isa", "auto", "--planned-threads", "64", "--drafter", "same"];
            JsonNode sound = await Cli.JsonAsync(arguments);
            Assert.AreEqual(0, Count(sound, "differing"));
            Assert.IsGreaterThan(0, Count(sound, "num_rollbacks"), "no draft was ever wrong: nothing was shown");

            Run run = await Cli.RunAsync([.. arguments, "--llm42-skip-mismatch", "0", "--json"]);
            Assert.AreEqual(1, run.ExitCode, run.ToString());
            JsonNode broken = Cli.Parse(run);
            Assert.IsFalse(broken["pass"]!.GetValue<bool>());
            Assert.IsGreaterThan(0, Count(broken, "differing"));
            StringAssert.Contains(run.Error, $"FAIL: {Count(broken, "differing")} deterministic answers differ", StringComparison.Ordinal);
            JsonNode first = broken["differences"]![0]!;
            Assert.AreNotEqual(first["expected"]!.GetValue<string>(), first["actual"]!.GetValue<string>());
            Assert.IsFalse(first["is_control"]!.GetValue<bool>());
            // What the user gave stays; the rest varies.
            JsonNode settings = first["settings"]!;
            Assert.AreEqual("0", settings["skip_mismatch"]!.GetValue<string>());
            Assert.AreEqual("64", settings["planned_threads"]!.GetValue<string>());
            Assert.AreEqual("same", settings["drafter"]!.GetValue<string>());
        }
        finally
        {
            Directory.Delete(model, recursive: true);
        }
    }

    [TestMethod]
    public async Task Same_seed_plans_the_same_configurations()
    {
        string[] arguments = ["check", "demo", "--stress", "--configurations", "6", "--answers", "6", "--tokens", "2", "--threads", "1"];
        JsonNode first = await Cli.JsonAsync([.. arguments, "--seed", "7"]);
        JsonNode again = await Cli.JsonAsync([.. arguments, "--seed", "7"]);
        JsonNode other = await Cli.JsonAsync([.. arguments, "--seed", "8"]);
        Assert.AreEqual(first["dimensions"]!.ToJsonString(), again["dimensions"]!.ToJsonString());
        Assert.AreNotEqual(first["dimensions"]!.ToJsonString(), other["dimensions"]!.ToJsonString());
        Assert.AreEqual(6, first["dimensions"]!["threads"]!["1"]!.GetValue<int>());
    }

    [TestMethod]
    public async Task Soak_goes_on_until_the_time_is_over()
    {
        JsonNode json = await Cli.JsonAsync(
            "demo", "--stress", "--configurations", "1", "--answers", "1", "--tokens", "2", "--isa", "auto", "--soak", "0.1");
        Assert.IsGreaterThanOrEqualTo(6.0, json["elapsed_seconds"]!.GetValue<double>());
    }

    [TestMethod]
    public async Task Plain_form_ends_with_the_verdict()
    {
        Run run = await Cli.RunAsync(["check", "demo", .. Small, "--isa", "auto", "--window", "2"]);
        Assert.AreEqual(0, run.ExitCode, run.ToString());
        Assert.IsFalse(run.Output.Any(character => char.IsControl(character) && character != '\n'), run.ToString());
        string[] lines = run.Output.TrimEnd('\n').Split('\n');
        StringAssert.StartsWith(lines[^1], "PASS: ", StringComparison.Ordinal);
        Assert.IsTrue(lines.Any(line => line.StartsWith("window ", StringComparison.Ordinal) && line.EndsWith(" 2 (4)", StringComparison.Ordinal)), run.ToString());
    }

    [TestMethod]
    [DataRow("--prompt", "--stress", "--prompt", "x")]
    [DataRow("--runs", "--stress", "--runs", "3")]
    [DataRow("--neighbours", "--stress", "--neighbours", "3")]
    [DataRow("--repetitions", "--stress", "--repetitions", "0")]
    [DataRow("fixed-shape", "--stress", "--verifier", "fixed-shape")]
    [DataRow("fixed-shape", "--stress", "--enable-llm42", "3")]
    [DataRow("--enable-llm42 0", "--stress", "--enable-llm42", "0")]
    [DataRow("--configurations", "--configurations", "3")]
    [DataRow("--answers", "--answers", "3")]
    [DataRow("--soak", "--soak", "1")]
    [DataRow("--configurations is '0'", "--stress", "--configurations", "0")]
    [DataRow("raise --configurations", "--stress", "--configurations", "1", "--answers", "5000")]
    public async Task Senseless_flags_are_refused(string named, params string[] arguments) =>
        Cli.AssertRefused(await Cli.RunAsync(["check", "demo", .. arguments]), 2, "llm42 check: ", named);

    [TestMethod]
    public async Task Settings_that_no_engine_takes_are_refused_at_once() =>
        Cli.AssertRefused(await Cli.RunAsync("check", "demo", "--stress", "--page-size", "12"), 1, "PageSize is 12");

    private static int Count(JsonNode json, string name) => json[name]!.GetValue<int>();
}
