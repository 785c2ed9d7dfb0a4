using System.Text.Json.Nodes;
using Llm42.Core.Requests;

namespace Llm42.Tests.Engine;

/// <summary>What the files of a model directory decide, and what happens when they are damaged.</summary>
[TestClass]
public sealed class ModelDirectoryTests
{
    private static readonly GenerationOptions Greedy = new() { Temperature = 0, MaxTokens = 20 };

    [TestMethod]
    public async Task End_tokens_come_from_each_of_the_files()
    {
        await using var engine = await Stories.LoadAsync();
        var whole = await engine.CompleteAsync(Stories.Prompt, Greedy);
        var end = whole.TokenIds[8];
        var first = whole.TokenIds.ToList().IndexOf(end);
        var token = engine.Tokenizer!.IdToToken(end)!;
        (string File, string Field, JsonNode Value)[] places =
        [
            ("generation_config.json", "eos_token_id", new JsonArray(2, end)),
            ("config.json", "eos_token_id", end),
            ("tokenizer_config.json", "eos_token", token),
        ];
        foreach (var (file, field, value) in places)
        {
            using var directory = new TemporaryDirectory().CopyOf(Stories.Directory);
            NameNoEnd(directory);
            Change(directory, file, json => json[field] = value);
            await using var changed = await InferenceEngine.LoadAsync(directory.Path);
            var answer = await changed.CompleteAsync(Stories.Prompt, Greedy);
            CollectionAssert.AreEqual(whole.TokenIds.Take(first + 1).ToArray(), answer.TokenIds.ToArray(), file);
            Assert.AreEqual(engine.Tokenizer.Decode(whole.TokenIds.Take(first).ToArray(), true), answer.Text, file);
            Assert.AreEqual(FinishReason.Stop, answer.FinishReason, file);
            var ignoring = await changed.CompleteAsync(Stories.Prompt, Greedy with { IgnoreEos = true });
            CollectionAssert.AreEqual(whole.TokenIds.ToArray(), ignoring.TokenIds.ToArray(), file);
        }
    }

    [TestMethod]
    public async Task The_first_file_that_names_an_end_decides_alone()
    {
        await using var engine = await Stories.LoadAsync();
        var whole = await engine.CompleteAsync(Stories.Prompt, Greedy);
        var end = whole.TokenIds[8];
        var first = whole.TokenIds.ToList().IndexOf(end);
        var token = engine.Tokenizer!.IdToToken(end)!;
        (int? Generation, int? Config, string? Tokenizer, bool Stops)[] cases =
        [
            (2, end, token, false),
            (2, null, token, false),
            (null, 2, token, false),
            (end, 2, "</s>", true),
            (null, end, "</s>", true),
            (null, null, token, true),
            (null, null, null, false),
        ];
        foreach (var (generation, config, tokenizer, stops) in cases)
        {
            using var directory = new TemporaryDirectory().CopyOf(Stories.Directory);
            Change(directory, "generation_config.json", json => json["eos_token_id"] = generation);
            Change(directory, "config.json", json => json["eos_token_id"] = config);
            Change(directory, "tokenizer_config.json", json => json["eos_token"] = tokenizer);
            await using var changed = await InferenceEngine.LoadAsync(directory.Path);
            var answer = await changed.CompleteAsync(Stories.Prompt, Greedy);
            Assert.HasCount(stops ? first + 1 : 20, answer.TokenIds, $"{generation}, {config}, {tokenizer}");

            // End tokens are the model's, not a matter of taste.
            await using var bare = await InferenceEngine.LoadAsync(directory.Path, new InferenceEngineOptions { UseGenerationDefaults = false });
            var same = await bare.CompleteAsync(Stories.Prompt, Greedy);
            CollectionAssert.AreEqual(answer.TokenIds.ToArray(), same.TokenIds.ToArray(), $"{generation}, {config}, {tokenizer}");
        }
    }

    [TestMethod]
    public async Task Sampling_defaults_come_from_generation_config()
    {
        using var directory = new TemporaryDirectory().CopyOf(Stories.Directory);
        Change(directory, "generation_config.json", json => json["do_sample"] = false);
        await using var engine = await InferenceEngine.LoadAsync(directory.Path);
        var silent = await engine.CompleteAsync(Stories.Prompt, Greedy with { Temperature = null, Seed = 99 });
        var greedy = await engine.CompleteAsync(Stories.Prompt, Greedy);
        var sampled = await engine.CompleteAsync(Stories.Prompt, Greedy with { Temperature = 2, Seed = 99 });
        CollectionAssert.AreEqual(greedy.TokenIds.ToArray(), silent.TokenIds.ToArray());
        CollectionAssert.AreNotEqual(greedy.TokenIds.ToArray(), sampled.TokenIds.ToArray());
    }

    [TestMethod]
    public async Task The_repetition_penalty_comes_from_generation_config_unless_asked_for()
    {
        var longer = Greedy with { MaxTokens = 100 };
        using var directory = new TemporaryDirectory().CopyOf(Stories.Directory);
        Change(directory, "generation_config.json", json => json["repetition_penalty"] = 3);
        await using var engine = await InferenceEngine.LoadAsync(directory.Path);
        await using var silent = await Stories.LoadAsync();
        var byDefault = await engine.CompleteAsync(Stories.Prompt, longer);
        var asked = await silent.CompleteAsync(Stories.Prompt, longer with { RepetitionPenalty = 3 });
        var none = await engine.CompleteAsync(Stories.Prompt, longer with { RepetitionPenalty = 1 });
        CollectionAssert.AreEqual(asked.TokenIds.ToArray(), byDefault.TokenIds.ToArray());
        CollectionAssert.AreEqual((await silent.CompleteAsync(Stories.Prompt, longer)).TokenIds.ToArray(), none.TokenIds.ToArray());
        CollectionAssert.AreNotEqual(none.TokenIds.ToArray(), byDefault.TokenIds.ToArray());
    }

    [TestMethod]
    public async Task A_directory_without_a_tokenizer_takes_ids_and_refuses_text()
    {
        using var directory = new TemporaryDirectory().CopyOf(Stories.Directory);
        File.Delete(Path.Combine(directory.Path, "tokenizer.json"));
        await using var engine = await InferenceEngine.LoadAsync(directory.Path);
        Assert.IsNull(engine.Tokenizer);
        var answer = await engine.CompleteAsync([1, 403], Greedy);
        Assert.HasCount(20, answer.TokenIds);
        Assert.AreEqual("", answer.Text);
        var error = Assert.ThrowsExactly<InvalidOperationException>(() => engine.GenerateAsync("text"));
        Assert.Contains("no tokenizer.json", error.Message);
        await Assert.ThrowsExactlyAsync<InvalidOperationException>(
            () => engine.CompleteAsync([1], new GenerationOptions { Stop = ["x"] }));
    }

    [TestMethod]
    [DataRow("config.json", "config.json: the file does not exist")]
    [DataRow("model.safetensors", "holds neither model.safetensors nor")]
    public async Task A_missing_file_is_named(string file, string expected)
    {
        using var directory = new TemporaryDirectory().CopyOf(Stories.Directory);
        File.Delete(Path.Combine(directory.Path, file));
        await Refused(directory, expected);
    }

    [TestMethod]
    public async Task A_damaged_tokenizer_is_named()
    {
        using var directory = new TemporaryDirectory().CopyOf(Stories.Directory);
        directory.Write("tokenizer.json", "{");
        await Refused(directory, "tokenizer.json: ");
    }

    [TestMethod]
    public async Task Weights_that_are_cut_short_are_named()
    {
        using var directory = new TemporaryDirectory().CopyOf(Stories.Directory);
        var path = Path.Combine(directory.Path, "model.safetensors");
        directory.Write("model.safetensors", File.ReadAllBytes(path)[..^1]);
        await Refused(directory, "model.safetensors: tensor \"");
    }

    [TestMethod]
    public async Task Weights_unlike_the_config_are_named()
    {
        using var directory = new TemporaryDirectory().CopyOf(Stories.Directory);
        Change(directory, "config.json", json => json["intermediate_size"] = 180);
        await Refused(directory, "\"model.layers.0.mlp.gate_proj.weight\" must have shape [180, 64], found [172, 64]");
    }

    [TestMethod]
    public async Task Options_out_of_range_are_named()
    {
        (InferenceEngineOptions Options, string Expected)[] cases =
        [
            (new InferenceEngineOptions { KvDtype = "f16" }, "KvDtype is \"f16\"; it must be \"bf16\" or \"f32\""),
            (new InferenceEngineOptions { MaxContext = 513 }, "MaxContext is 513"),
            (new InferenceEngineOptions { PageSize = 3 }, "PageSize is 3"),
            (new InferenceEngineOptions { KvPages = 1 << 26 }, "KV cache for KvPages = 67108864"),
            (new InferenceEngineOptions { Engine = new() { MaxBatchTokens = 3 } }, "MaxBatchTokens is 3"),
        ];
        foreach (var (options, expected) in cases)
        {
            var error = await Assert.ThrowsAsync<ArgumentException>(() => InferenceEngine.LoadAsync(Stories.Directory, options));
            Assert.Contains(expected, error.Message);
        }
        await Assert.ThrowsExactlyAsync<Native.NativeException>(
            () => InferenceEngine.LoadAsync(Stories.Directory, new InferenceEngineOptions { Backend = "abacus" }));
    }

    [TestMethod]
    public async Task Any_damage_to_a_header_either_loads_or_is_refused()
    {
        const int Rounds = 60;
        var seed = Environment.TickCount;
        var random = new Random(seed);
        using var directory = new TemporaryDirectory().CopyOf(Stories.Directory);
        var path = Path.Combine(directory.Path, "model.safetensors");
        var whole = File.ReadAllBytes(path);
        var headerSize = 8 + (int)BitConverter.ToUInt64(whole);
        for (var round = 0; round < Rounds; round++)
        {
            var damaged = whole.ToArray();
            damaged[random.Next(headerSize)] = (byte)"0123456789,:[]{}\"BF16"[random.Next(21)];
            directory.Write("model.safetensors", damaged);
            try
            {
                await using var engine = await InferenceEngine.LoadAsync(directory.Path, new InferenceEngineOptions { Threads = 1 });
                await engine.CompleteAsync([1, 403], Greedy);
            }
            catch (ModelFormatException)
            {
            }
            catch (Exception error)
            {
                Assert.Fail($"seed {seed}, round {round}: {error}");
            }
        }
    }

    [TestMethod]
    public async Task Loading_can_be_cancelled_and_reports_its_progress()
    {
        await Assert.ThrowsAsync<OperationCanceledException>(
            () => InferenceEngine.LoadAsync(Stories.Directory, cancellationToken: new CancellationToken(canceled: true)));

        var progress = new Recorder();
        await using var engine = await InferenceEngine.LoadAsync(Stories.Directory, progress: progress);
        Assert.AreEqual(engine.Model.WeightBytes, progress.Reports[^1].LoadedBytes);
        Assert.AreEqual(engine.Model.WeightBytes, progress.Reports[0].TotalBytes);
        Assert.AreEqual(260032, engine.Model.ParameterCount);
    }

    private static void NameNoEnd(TemporaryDirectory directory)
    {
        Change(directory, "generation_config.json", json => json.Remove("eos_token_id"));
        Change(directory, "config.json", json => json.Remove("eos_token_id"));
        Change(directory, "tokenizer_config.json", json => json.Remove("eos_token"));
    }

    private static void Change(TemporaryDirectory directory, string file, Action<JsonObject> change)
    {
        var json = JsonNode.Parse(File.ReadAllText(Path.Combine(directory.Path, file)))!.AsObject();
        change(json);
        directory.Write(file, json.ToJsonString());
    }

    private static async Task Refused(TemporaryDirectory directory, string expected)
    {
        var error = await Assert.ThrowsExactlyAsync<ModelFormatException>(() => InferenceEngine.LoadAsync(directory.Path));
        Assert.Contains(expected, error.Message);
    }

    private sealed class Recorder : IProgress<LoadProgress>
    {
        public List<LoadProgress> Reports { get; } = [];

        public void Report(LoadProgress value) => Reports.Add(value);
    }
}
