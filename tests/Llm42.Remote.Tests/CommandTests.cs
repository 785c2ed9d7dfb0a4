using System.Text.Json.Nodes;
using System.Xml.Linq;
using Llm42.Testing;

namespace Llm42.Remote.Tests;

/// <summary>The built command against a server of a script.</summary>
[TestClass]
public sealed class CommandTests
{
    private static readonly string[] Small = ["--runs", "4", "--tokens", "3", "--neighbours", "2"];

    [TestMethod]
    public async Task Check_passes_where_answers_agree_and_fails_where_one_does_not()
    {
        await using var sound = FakeServer.OfModel(_ => ["a", "b", "c"]);
        Run pass = await RunAsync(["check", "--base-url", sound.Address, .. Small, "--json"]);
        Assert.AreEqual(0, pass.ExitCode, pass.ToString());
        JsonNode json = JsonNode.Parse(pass.Output)!;
        Assert.IsTrue(json["pass"]!.GetValue<bool>());
        Assert.AreEqual("fake", json["server"]!["model"]!.GetValue<string>());
        Assert.IsNull(json["rows"]![0]!["answers"]!["first_mismatch"]);

        int asked = 0;
        await using var broken = FakeServer.OfModel(body =>
            body["prompt"]!.GetValue<string>() == "p" && body["max_tokens"]!.GetValue<int>() == 3 && Interlocked.Increment(ref asked) == 3
                ? ["a", "X", "c"]
                : ["a", "b", "c"]);
        Run fail = await RunAsync(["check", "--base-url", broken.Address, .. Small, "--prompt", "p", "--temperature", "0", "--json"]);
        Assert.AreEqual(1, fail.ExitCode, fail.ToString());
        JsonNode mismatch = JsonNode.Parse(fail.Output)!["rows"]![0]!["answers"]!["first_mismatch"]!;
        Assert.AreEqual((2, 1, "b", "X"), (
            mismatch["run"]!.GetValue<int>(), mismatch["position"]!.GetValue<int>(), mismatch["expected"]!.GetValue<string>(), mismatch["actual"]!.GetValue<string>()));
        StringAssert.Contains(fail.Error, "FAIL: 2 distinct outputs in 4 runs", StringComparison.Ordinal);
    }

    [TestMethod]
    public async Task Bench_counts_errors_and_writes_its_files()
    {
        int asked = 0;
        await using var fake = new FakeServer(exchange => exchange.Path switch
        {
            "/v1/completions" when Interlocked.Increment(ref asked) == 5 => exchange.JsonAsync(503, """{"error":{"message":"full"}}"""),
            "/v1/completions" => exchange.AnswerAsync(["a", "b"]),
            "/v1/models" => exchange.JsonAsync(200, """{"data": [{"id": "fake"}]}"""),
            _ => exchange.JsonAsync(404, "{}"),
        });
        string folder = Directory.CreateTempSubdirectory("llm42-test-").FullName;
        try
        {
            string report = Path.Combine(folder, "r.html");
            string output = Path.Combine(folder, "r.json");
            Run run = await RunAsync([
                "bench", "serve", "--base-url", fake.Address, "--num-requests", "8", "--warmup", "0", "--concurrency", "2", "--deterministic-share", "0.5",
                "--input-length", "4", "--output-length", "2", "--report", report, "--output", output, "--json"]);
            Assert.AreEqual(0, run.ExitCode, run.ToString());
            JsonNode json = JsonNode.Parse(run.Output)!;
            Assert.IsTrue(JsonNode.DeepEquals(json, JsonNode.Parse(await File.ReadAllTextAsync(output))));
            Assert.AreEqual((8, 7), (json["classes"]![0]!["requests"]!.GetValue<int>(), json["classes"]![0]!["succeeded"]!.GetValue<int>()));
            Assert.AreEqual(1, json["classes"]![0]!["errors"]!["http_503"]!.GetValue<int>());
            Assert.AreEqual(14, json["classes"]![0]!["output_tokens"]!.GetValue<int>());
            StringAssert.Contains(run.Error, "Failed, http_503: 1; the server answered 503: full.", StringComparison.Ordinal);
            XDocument.Parse(await File.ReadAllTextAsync(report));
            Assert.AreEqual(4, fake.Asked.Count(one => one.Body?["is_deterministic"]?.GetValue<bool>() is true));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [TestMethod]
    public async Task Bench_of_nothing_but_errors_fails()
    {
        await using var fake = new FakeServer(exchange => exchange.JsonAsync(500, "{}"));
        Run run = await RunAsync(["bench", "serve", "--base-url", fake.Address, "--model", "m", "--warmup", "0", "--num-requests", "3"]);
        Assert.AreEqual(1, run.ExitCode, run.ToString());
        run = await RunAsync(["bench", "serve", "--base-url", fake.Address, "--model", "m", "--num-requests", "3"]);
        Assert.AreEqual(1, run.ExitCode, run.ToString());
        StringAssert.Contains(run.Error, "warm-up", StringComparison.Ordinal);
    }

    [TestMethod]
    public async Task Key_comes_from_the_environment_or_a_file_and_is_never_repeated()
    {
        await using var fake = FakeServer.OfModel(_ => ["a"]);
        string file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, "\nsk-file\n");
            string[] check = ["check", "--base-url", fake.Address, "--runs", "2", "--tokens", "1", "--neighbours", "0", "--temperature", "0"];
            await AssertKeyAsync("sk-env", check, new() { ["LLM42_API_KEY"] = "sk-env,sk-second" });
            await AssertKeyAsync("sk-mine", [.. check, "--api-key-env", "MY_KEY"], new() { ["LLM42_API_KEY"] = "sk-env", ["MY_KEY"] = "sk-mine" });
            await AssertKeyAsync("sk-file", [.. check, "--api-key-file", file], new() { ["LLM42_API_KEY"] = "sk-env" });
            Run refused = await RunAsync([.. check, "--api-key", "sk-shown"]);
            Assert.AreEqual(2, refused.ExitCode, refused.ToString());
            Assert.IsFalse(refused.ToString().Contains("sk-shown", StringComparison.Ordinal), refused.ToString());
        }
        finally
        {
            File.Delete(file);
        }

        async Task AssertKeyAsync(string key, string[] arguments, Dictionary<string, string> environment)
        {
            fake.Asked.Clear();
            Run run = await Run.ProgramAsync(RepositoryRoot.Command, arguments, environment: environment);
            Assert.AreEqual(0, run.ExitCode, run.ToString());
            Assert.IsTrue(fake.Asked.All(one => one.Head.Split("\r\n").Contains($"Authorization: Bearer {key}")));
            Assert.IsFalse(run.ToString().Contains(key, StringComparison.Ordinal));
        }
    }

    private static Task<Run> RunAsync(string[] arguments) => Run.ProgramAsync(RepositoryRoot.Command, arguments);
}
