using System.Text.Json.Nodes;

namespace Llm42.Cli.Tests;

/// <summary>generation_config.json, flags that go before it, and the flag that passes over it.</summary>
[TestClass]
public sealed class GenerationConfigTests
{
    private static readonly string[] Request = ["--prompt-ids", "0,72,342", "--seed", "9"];

    [TestMethod]
    public async Task Flags_go_before_the_file_and_none_passes_over_it()
    {
        using var model = new ModelCopy();
        await File.WriteAllTextAsync(
            Path.Combine(model.Path, "generation_config.json"),
            """{"eos_token_id":1,"do_sample":true,"temperature":1.5,"top_k":1,"max_new_tokens":5,"repetition_penalty":1.2}""");
        int[] byDefault = await IdsAsync(model.Path);
        Assert.HasCount(5, byDefault);
        CollectionAssert.AreEqual(
            await IdsAsync("demo", "--temperature", "1.5", "--top-k", "1", "--max-tokens", "5", "--repetition-penalty", "1.2"), byDefault);
        CollectionAssert.AreEqual(
            await IdsAsync("demo", "--temperature", "1", "--max-tokens", "12"),
            await IdsAsync(model.Path, "--generation-config", "none", "--max-tokens", "12"));
    }

    [TestMethod]
    public async Task A_setting_that_is_not_honoured_is_refused_unless_the_file_is_passed_over()
    {
        using var model = new ModelCopy();
        await File.WriteAllTextAsync(Path.Combine(model.Path, "generation_config.json"), """{"no_repeat_ngram_size":3}""");
        Cli.AssertRefused(await Cli.RunAsync(["generate", model.Path, .. Request]), 1, "no_repeat_ngram_size = 3", "--generation-config none");
        Assert.HasCount(4, await IdsAsync(model.Path, "--generation-config", "none", "--max-tokens", "4", "--ignore-eos"));
    }

    private static async Task<int[]> IdsAsync(string model, params string[] flags)
    {
        JsonNode answer = await Cli.JsonAsync(["generate", model, .. Request, .. flags]);
        return Cli.Integers(answer["token_ids"]);
    }
}
