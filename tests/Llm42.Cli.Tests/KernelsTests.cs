using System.Text.Json.Nodes;
using Llm42.Testing;

namespace Llm42.Cli.Tests;

[TestClass]
[DoNotParallelize]
public sealed class KernelsTests
{
    /// <summary>Small enough for any machine; planned for many threads, so that fast numerics are measured too.</summary>
    private static readonly string[] Tiny =
    [
        "bench", "kernels", "--models", "qwen3-0.6b", "--rows", "1", "--operators", "linear.o,rms_norm,copy_page", "--seconds", "0.001",
        "--threads", "2", "--planned-threads", "64",
    ];

    [TestMethod]
    public async Task Json_holds_the_documented_fields_and_finite_ratios()
    {
        string file = Path.GetTempFileName();
        try
        {
            JsonNode json = await Cli.JsonAsync([.. Tiny, "--peer", "none", "--output", file]);
            Assert.IsTrue(JsonNode.DeepEquals(json, JsonNode.Parse(await File.ReadAllTextAsync(file))), "the file holds something else");
            CollectionAssert.AreEqual(
                new[] { "schema", "date", "version", "device", "settings", "memory", "peer", "ceilings", "cases" }, Cli.Keys(json));
            Assert.AreEqual("llm42.bench.kernels/1", json["schema"]!.GetValue<string>());
            Assert.AreEqual("cpu-fma-1", json["device"]!["numerics_profile"]!.GetValue<string>());
            Assert.IsTrue(json["device"]!.AsObject().ContainsKey("driver"), "what is not known is null, not absent");
            Assert.IsGreaterThan(0L, json["memory"]!["peak"]!.GetValue<long>());
            AssertPositive(json["ceilings"]!["gigabytes_per_second"]);
            AssertPositive(json["ceilings"]!["teraflops_per_second"]);
            string[] operators = [.. json["cases"]!.AsArray().Select(one => one!["operator"]!.GetValue<string>())];
            CollectionAssert.AreEqual(new[] { "linear.o", "rms_norm", "copy_page" }, operators);
            foreach (JsonNode? one in json["cases"]!.AsArray())
            {
                CollectionAssert.AreEqual(
                    new[]
                    {
                        "operator", "models", "shape", "flops", "bytes", "copies", "memory_bytes", "skipped", "invariant", "fast",
                        "invariant_over_fast", "peer_seconds", "invariant_over_peer", "fast_over_peer", "peer_error",
                    },
                    Cli.Keys(one));
                Assert.IsNull(one!["skipped"]);
                Assert.IsNull(one["peer_seconds"]);
                AssertTiming(one["invariant"]!);
                bool hasFast = one["operator"]!.GetValue<string>() != "copy_page";
                Assert.AreEqual(hasFast, one["fast"] is not null);
                Assert.AreEqual(hasFast, one["invariant_over_fast"] is not null);
                if (hasFast)
                {
                    AssertTiming(one["fast"]!);
                    AssertSpread(one["invariant_over_fast"]!);
                }
            }
        }
        finally
        {
            File.Delete(file);
        }
    }

    [TestMethod]
    public async Task Absent_peer_is_named_once_and_is_no_error()
    {
        Run run = await Cli.RunAsync([.. Tiny, "--peer", "no-such-python", "--json"]);
        Assert.AreEqual(0, run.ExitCode, run.ToString());
        JsonNode json = Cli.Parse(run);
        StringAssert.Contains(json["peer"]!["absent"]!.GetValue<string>(), "no-such-python", StringComparison.Ordinal);
        Assert.IsNull(json["peer"]!["pytorch_version"]);
        Assert.AreEqual(
            1, run.Error.Split('\n').Count(line => line.Contains("no-such-python", StringComparison.Ordinal)), run.ToString());
    }

    [TestMethod]
    public async Task Case_that_does_not_fit_is_skipped_with_the_reason()
    {
        JsonNode json = await Cli.JsonAsync([.. Tiny, "--peer", "none", "--memory-limit", "1"]);
        JsonNode linear = json["cases"]!.AsArray().First(one => one!["operator"]!.GetValue<string>() == "linear.o")!;
        StringAssert.Contains(linear["skipped"]!.GetValue<string>(), "1048576", StringComparison.Ordinal);
        Assert.IsNull(linear["invariant"]);
        JsonNode norm = json["cases"]!.AsArray().First(one => one!["operator"]!.GetValue<string>() == "rms_norm")!;
        Assert.IsNull(norm["skipped"]);
    }

    /// <summary>The emulator stands for a GPU: launches are recorded, and those of a mixture of experts are among them.</summary>
    [TestMethod]
    public async Task Launches_are_recorded_where_the_device_has_graphs()
    {
        Run run = await Run.ProgramAsync(
            RepositoryRoot.Command,
            ["bench", "kernels", "--device", "cuda-emulated", "--models", "mixtral-8x7b", "--rows", "1", "--operators", "moe.route,moe.combine,rms_norm", "--peer", "none", "--seconds", "0.001", "--json"],
            environment: new Dictionary<string, string> { ["LLM42_NATIVE_PATH"] = RepositoryRoot.InRoot("artifacts/native") });
        JsonNode json = Cli.Parse(run);
        Assert.AreEqual("graph", json["settings"]!["launches"]!.GetValue<string>());
        Assert.AreEqual("cuda-mma-bf16-1-emulated", json["device"]!["numerics_profile"]!.GetValue<string>());
        CollectionAssert.AreEqual(
            new[] { "moe.route", "moe.combine", "rms_norm" }, json["cases"]!.AsArray().Select(one => one!["operator"]!.GetValue<string>()).ToArray());
        foreach (JsonNode? one in json["cases"]!.AsArray())
            AssertTiming(one!["invariant"]!);
    }

    [TestMethod]
    [DataRow("--operators", "linear.qkv,frobnicate", "--operators has 'frobnicate'", "attention.decode")]
    [DataRow("--models", "gpt-7", "--models has 'gpt-7'", "llama-3.1-8b")]
    [DataRow("--rows", "1,7", "--rows has '7'", "8192")]
    [DataRow("--rows", "", "--rows has ''", "8192")]
    [DataRow("--device", "tpu", "--device is 'tpu'", "cuda")]
    [DataRow("--seconds", "0", "--seconds is '0'", "3600")]
    public async Task Unknown_word_is_refused_by_name(string option, string value, string named, string known) =>
        Cli.AssertRefused(await Cli.RunAsync("bench", "kernels", option, value), 2, "llm42 bench kernels: ", named, known);

    [TestMethod]
    public async Task Choice_without_a_case_is_refused() =>
        Cli.AssertRefused(
            await Cli.RunAsync("bench", "kernels", "--operators", "attention.prefill", "--rows", "1"), 2, "llm42 bench kernels: ", "no case");

    /// <summary>The published counts of parameters follow from the dimensions, whichever of them were wrong.</summary>
    [TestMethod]
    [DataRow("llama-3.1-8b", 8_030_261_248, false, false)]
    [DataRow("qwen3-0.6b", 596_049_920, true, true)]
    [DataRow("mixtral-8x7b", 46_702_792_704, false, false)]
    public async Task Shapes_are_those_of_the_published_models(string name, long parameters, bool sharesEmbedding, bool normsHeads)
    {
        JsonNode json = await Cli.JsonAsync("bench", "kernels", "--list", "--device", "cuda", "--models", name);
        JsonNode model = json["models"]!.AsArray().Single(one => one!["name"]!.GetValue<string>() == name)!;
        long hidden = Size("hidden_size"), head = Size("head_size"), experts = Size("experts");
        long attention = (hidden * Size("qkv_width")) + (Size("query_width") * hidden) + (normsHeads ? 2 * head : 0);
        long feedForward = (Math.Max(1, experts) * 3 * hidden * Size("intermediate_size")) + (experts * hidden);
        long embeddings = (sharesEmbedding ? 1 : 2) * Size("vocabulary_size") * hidden;
        Assert.AreEqual(parameters, embeddings + (Size("layers") * (attention + feedForward + (2 * hidden))) + hidden);

        JsonNode[] cases = [.. json["cases"]!.AsArray().Select(one => one!)];
        AssertShape("linear.qkv", Size("qkv_width"), hidden);
        AssertShape("linear.o", hidden, Size("query_width"));
        AssertShape("linear.lm_head", Size("vocabulary_size"), hidden);
        string family = experts == 0 ? "linear" : "moe";
        AssertShape($"{family}.gate_up", 2 * Size("intermediate_size"), hidden);
        AssertShape($"{family}.down", hidden, Size("intermediate_size"));

        long Size(string dimension) => model[dimension]!.GetValue<long>();

        void AssertShape(string name, long n, long k)
        {
            JsonNode[] found = [.. cases.Where(one => one["operator"]!.GetValue<string>() == name)];
            CollectionAssert.AreEqual(
                new[] { 1, 8, 16, 64, 128, 256, 512, 2048, 8192 }, found.Select(one => one["shape"]!["rows"]!.GetValue<int>()).ToArray());
            foreach (JsonNode one in found)
            {
                Assert.AreEqual(n, one["shape"]!["n"]!.GetValue<long>(), name);
                Assert.AreEqual(k, one["shape"]!["k"]!.GetValue<long>(), name);
            }
        }
    }

    private static void AssertTiming(JsonNode timing)
    {
        AssertSpread(timing["seconds"]!);
        AssertPositive(timing["gigabytes_per_second"]);
        AssertPositive(timing["fraction_of_ceiling"]);
        Assert.IsGreaterThanOrEqualTo(3, timing["samples"]!.GetValue<int>());
        Assert.IsGreaterThan(0, timing["launches_per_sample"]!.GetValue<int>());
    }

    private static void AssertSpread(JsonNode spread)
    {
        AssertPositive(spread["median"]);
        Assert.IsLessThanOrEqualTo(spread["median"]!.GetValue<double>(), spread["lower_quartile"]!.GetValue<double>());
        Assert.IsGreaterThanOrEqualTo(spread["median"]!.GetValue<double>(), spread["upper_quartile"]!.GetValue<double>());
    }

    private static void AssertPositive(JsonNode? node)
    {
        double value = node!.GetValue<double>();
        Assert.IsTrue(double.IsFinite(value) && value > 0, $"{value}");
    }
}
