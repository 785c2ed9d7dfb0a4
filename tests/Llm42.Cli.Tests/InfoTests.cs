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
        Assert.AreEqual(1536, json["memory"]!["kv_bytes_per_token"]!.GetValue<long>());
        Assert.AreEqual(json["memory"]!["kv_cache"]!.GetValue<long>(), json["engine"]!["kv_bytes"]!.GetValue<long>());
        Assert.AreEqual(1024, json["memory"]!["longest_context"]!.GetValue<int>());
        Assert.AreEqual("<|end|>", json["defaults"]!["end_tokens"]![0]!["token"]!.GetValue<string>());
        Assert.AreEqual("BPE", json["tokenizer"]!["kind"]!.GetValue<string>());
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
    public async Task Plain_form_names_the_profile_and_what_fits()
    {
        Run run = await Cli.RunAsync("info", "demo");
        Assert.AreEqual(0, run.ExitCode, run.ToString());
        foreach (string line in (string[])["numerics ", "fingerprint ", "longest context   1024 of 1024", "end tokens        1 <|end|>", "kv per token      1536 bytes"])
            StringAssert.Contains(run.Output, line, StringComparison.Ordinal);
    }

    [TestMethod]
    public async Task Weights_are_not_read_without_the_fingerprint()
    {
        using var directory = new ModelCopy();
        JsonNode whole = await Cli.JsonAsync("info", directory.Path, "--no-fingerprint");
        Assert.IsFalse(whole["engine"]!.AsObject().ContainsKey("fingerprint"));
        Assert.AreEqual(2_755_008, whole["model"]!["parameter_count"]!.GetValue<long>());
    }

    [TestMethod]
    public async Task A_model_that_does_not_fit_says_why()
    {
        Run run = await Cli.RunAsync("info", "demo", "--no-fingerprint", "--memory-limit", "4");
        Assert.AreEqual(0, run.ExitCode, run.ToString());
        StringAssert.Contains(run.Output, "does not fit", StringComparison.Ordinal);
    }

    [TestMethod]
    public async Task A_check_passes_a_sound_model_and_names_what_is_wrong_with_another()
    {
        JsonNode sound = await Cli.JsonAsync("info", "demo", "--verify");
        Assert.IsTrue(sound["pass"]!.GetValue<bool>());
        Assert.AreEqual(56, sound["tensors"]!.GetValue<int>());

        using var directory = new ModelCopy();
        string weights = Path.Combine(directory.Path, "model.safetensors");
        byte[] file = await File.ReadAllBytesAsync(weights);
        file[^1] = 0x7F;
        file[^2] = 0x80;
        await File.WriteAllBytesAsync(weights, file);
        await File.WriteAllTextAsync(Path.Combine(directory.Path, "generation_config.json"), """{"eos_token_id":4096}""");
        Run plain = await Cli.RunAsync("info", directory.Path, "--verify");
        Assert.AreEqual(1, plain.ExitCode, plain.ToString());
        StringAssert.Contains(plain.Output, "problem: ", StringComparison.Ordinal);
        StringAssert.Contains(plain.Output, "eos_token_id must be an integer from 0 to 2047", StringComparison.Ordinal);
        StringAssert.Contains(plain.Output, "FAIL: 56 tensors, 5.3 MiB; 2 problems, 0 warnings", StringComparison.Ordinal);

        Run json = await Cli.RunAsync("info", directory.Path, "--verify", "--json");
        Assert.AreEqual(1, json.ExitCode, json.ToString());
        JsonNode report = Cli.Parse(json);
        Assert.IsFalse(report["pass"]!.GetValue<bool>());
        JsonNode problem = report["problems"]!.AsArray().Single(item => item!["tensor"] is not null)!;
        Assert.AreEqual(1, problem["infinity_count"]!.GetValue<long>());
        Assert.AreEqual(0, problem["nan_count"]!.GetValue<long>());
        Assert.AreEqual("[191]", problem["first_position"]!.ToJsonString());
    }
}
