using System.CommandLine;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using Llm42.Cli.Commands;

namespace Llm42.Remote.Tests;

/// <summary>The verbs that measure engines of this process, on a model so small that only their form is tested.</summary>
[TestClass]
[DoNotParallelize]
public sealed class EngineBenchmarkTests
{
    private static readonly string[] RowFields =
    [
        "shape", "weights", "kv", "drafter", "determinism", "batch", "deterministic_share", "prefill_tokens_per_second",
        "decode_tokens_per_second", "bandwidth_fraction", "fma_fraction", "itl_p50_ms", "itl_p99_ms", "acceptance", "recomputed_share",
    ];

    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    [TestMethod]
    public async Task Throughput_writes_the_documented_rows_and_a_page()
    {
        (JsonNode json, XDocument page) = await RunAsync(
            ".html", "throughput", "--batch", "1,3", "--deterministic-share", "0,0.5,1", "--determinism", "dvr,invariant", "--planned-threads", "64",
            "--prompt-length", "24", "--output-length", "8", "--repetitions", "1", "--peer", "none");
        CollectionAssert.AreEqual(
            new[] { "schema", "date", "version", "machine", "ceilings", "settings", "rows", "spreads", "peer" }, Keys(json));
        Assert.AreEqual("llm42.bench.throughput/1", json["schema"]!.GetValue<string>());
        JsonNode[] rows = [.. json["rows"]!.AsArray().Select(row => row!)];
        Assert.HasCount(12, rows);
        Assert.HasCount(12, json["spreads"]!.AsArray().ToArray());
        foreach (JsonNode row in rows)
        {
            CollectionAssert.AreEqual(RowFields, Keys(row));
            foreach (string field in (string[])["prefill_tokens_per_second", "decode_tokens_per_second", "bandwidth_fraction", "fma_fraction"])
                Assert.IsGreaterThan(0.0, row[field]!.GetValue<double>(), row.ToJsonString());
            // Drafts are proposed to deterministic requests, by the one way that drafts.
            bool drafts = row["determinism"]!.GetValue<string>() == "dvr" && row["deterministic_share"]!.GetValue<double>() > 0;
            Assert.AreEqual(drafts, row["acceptance"] is not null, row.ToJsonString());
        }

        Assert.IsGreaterThan(0.0, json["ceilings"]!["gigabytes_per_second"]!.GetValue<double>());
        Assert.HasCount(Environment.ProcessorCount > 1 ? 4 : 2, json["ceilings"]!["measured"]!.AsArray().ToArray());
        Assert.IsNull(json["peer"]);
        Assert.IsGreaterThanOrEqualTo(3, page.Descendants(Svg + "svg").Count());
        StringAssert.Contains(page.Root!.Value, "ShareGPT", StringComparison.Ordinal);
    }

    [TestMethod]
    public async Task A_profile_comes_with_each_row()
    {
        (JsonNode json, _) = await RunAsync(
            ".svg", "throughput", "--batch", "2", "--deterministic-share", "0", "--prompt-length", "8", "--output-length", "4", "--repetitions", "2", "--profile");
        JsonNode row = json["rows"]!.AsArray().Single()!;
        CollectionAssert.AreEqual((string[])[.. RowFields, "profile"], Keys(row));
        // Two samples, each with a wave of single tokens and one of whole answers; of both prompts a token at least is run.
        // A step with rows of prompts counts as prefill, also where the other request decodes in it.
        int prefill = row["profile"]!["prefill"]!["rows"]!.GetValue<int>(), decode = row["profile"]!["decode"]!["rows"]!.GetValue<int>();
        Assert.IsGreaterThanOrEqualTo(2 * 2 * (8 + 1), prefill);
        Assert.IsInRange(1, 2 * 2 * 3, decode);
        Assert.IsGreaterThanOrEqualTo(2 * 2 * (8 + 1 + 3), prefill + decode);
    }

    [TestMethod]
    public async Task Sweep_has_a_cell_for_each_pair_and_a_picture()
    {
        (JsonNode json, XDocument picture) = await RunAsync(
            ".svg", "sweep", "--window", "4,8", "--verify-group", "1,2", "--batch", "2", "--prompt-length", "8", "--output-length", "12", "--repetitions", "1");
        (int, int)[] pairs = [.. json["cells"]!.AsArray().Select(cell => (cell!["window"]!.GetValue<int>(), cell["verify_group"]!.GetValue<int>()))];
        CollectionAssert.AreEquivalent(new[] { (4, 1), (4, 2), (8, 1), (8, 2) }, pairs);
        foreach (JsonNode? cell in json["cells"]!.AsArray())
        {
            Assert.IsGreaterThan(0.0, cell!["decode_tokens_per_second"]!.GetValue<double>());
            Assert.IsGreaterThan(0.0, cell["over_no_determinism"]!.GetValue<double>());
            Assert.IsNotNull(cell["acceptance"]);
        }

        Assert.AreEqual(Svg + "svg", picture.Root!.Name);
    }

    [TestMethod]
    public async Task Trace_answers_each_request_at_each_share()
    {
        string trace = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(trace, "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46.6805900,30,4\n2023-11-16 18:15:47.1,8,6\n2023-11-16 18:15:47.2,9,3\n");
            (JsonNode json, XDocument page) = await RunAsync(".html", "trace", trace, "--speed", "100", "--deterministic-share", "0,0.5");
            JsonNode[] runs = [.. json["runs"]!.AsArray().Select(run => run!)];
            CollectionAssert.AreEqual(new[] { 0.0, 0.5 }, runs.Select(run => run["deterministic_share"]!.GetValue<double>()).ToArray());
            foreach (JsonNode run in runs)
            {
                Assert.AreEqual(3, run["classes"]![0]!["succeeded"]!.GetValue<int>());
                Assert.AreEqual(47, run["classes"]![0]!["input_tokens"]!.GetValue<int>());
                Assert.AreEqual(13, run["classes"]![0]!["output_tokens"]!.GetValue<int>());
            }

            Assert.HasCount(1, runs[0]["classes"]!.AsArray().ToArray());
            Assert.HasCount(3, runs[1]["classes"]!.AsArray().ToArray());
            Assert.IsNotEmpty(page.Descendants(Svg + "svg").ToArray());
        }
        finally
        {
            File.Delete(trace);
        }
    }

    /// <summary>Runs a verb on the tiny shape; its JSON, and its report, which is XML.</summary>
    private static async Task<(JsonNode Json, XDocument Report)> RunAsync(string extension, params string[] arguments)
    {
        string folder = Directory.CreateTempSubdirectory("llm42-bench-").FullName;
        TextWriter before = Console.Out;
        using var output = new StringWriter();
        Console.SetOut(output);
        try
        {
            string json = Path.Combine(folder, "out.json"), report = Path.Combine(folder, "report" + extension);
            int status = await new Command("llm42") { BenchCommand.Create() }
                .Parse(["bench", .. arguments, "--shape", "tiny", "--output", json, "--report", report]).InvokeAsync();
            Assert.AreEqual(0, status, output.ToString());
            return (JsonNode.Parse(await File.ReadAllTextAsync(json))!, XDocument.Parse(await File.ReadAllTextAsync(report)));
        }
        finally
        {
            Console.SetOut(before);
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string[] Keys(JsonNode node) => [.. node.AsObject().Select(pair => pair.Key)];
}
