using System.Text.Json.Nodes;
using Llm42.Testing;

namespace Llm42.Cli.Tests;

[TestClass]
public sealed class InfoTests
{
    [TestMethod]
    public async Task Info_describes_model_and_engine()
    {
        JsonNode json = await Cli.JsonAsync("info", "demo", "--threads", "2", "--kv-dtype", "bf16");
        Assert.AreEqual("LlamaForCausalLM", json["model"]!["architecture"]!.GetValue<string>());
        Assert.AreEqual(6, json["model"]!["layers"]!.GetValue<int>());
        Assert.AreEqual(2048, json["model"]!["vocabulary_size"]!.GetValue<int>());
        Assert.AreEqual(2_755_008, json["model"]!["parameter_count"]!.GetValue<long>());
        Assert.AreEqual("cpu", json["engine"]!["backend"]!.GetValue<string>());
        Assert.AreEqual(2, json["engine"]!["threads"]!.GetValue<int>());
        StringAssert.EndsWith(json["engine"]!["numerics_profile"]!.GetValue<string>(), "+kv-bf16", StringComparison.Ordinal);
        Assert.IsGreaterThan(0, json["engine"]!["memory_allocated"]!.GetValue<long>());
        Assert.AreEqual(64, json["engine"]!["fingerprint"]!.GetValue<string>().Length);
    }

    [TestMethod]
    public async Task Planned_threads_of_a_large_machine_end_the_coincidence_of_fast_and_invariant()
    {
        JsonNode small = await Cli.JsonAsync("info", "demo", "--threads", "2");
        JsonNode large = await Cli.JsonAsync("info", "demo", "--threads", "2", "--planned-threads", "64");
        Assert.IsTrue(small["engine"]!["fast_is_invariant"]!.GetValue<bool>());
        Assert.AreEqual("none", small["engine"]!["drafter"]!.GetValue<string>());
        Assert.IsFalse(large["engine"]!["fast_is_invariant"]!.GetValue<bool>());
        Assert.AreEqual("same", large["engine"]!["drafter"]!.GetValue<string>());
        Assert.AreEqual(small["engine"]!["fingerprint"]!.GetValue<string>(), large["engine"]!["fingerprint"]!.GetValue<string>());
    }

    [TestMethod]
    public async Task Plain_form_names_the_profile()
    {
        Run run = await Cli.RunAsync("info", "demo");
        Assert.AreEqual(0, run.ExitCode, run.ToString());
        StringAssert.Contains(run.Output, "numerics", StringComparison.Ordinal);
        StringAssert.Contains(run.Output, "fingerprint", StringComparison.Ordinal);
    }
}
