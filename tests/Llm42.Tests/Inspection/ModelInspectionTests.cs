using Llm42.Core.Engine;
using Llm42.Inspection;
using Llm42.Testing;
using Llm42.Tests.Engine;
using Llm42.Tests.Models;

namespace Llm42.Tests.Inspection;

/// <summary>What is reckoned without loading is what loading then takes.</summary>
[TestClass]
public sealed class ModelInspectionTests
{
    private static string Demo => RepositoryRoot.InRoot("src/Llm42.Cli/DemoModel");

    [TestMethod]
    [DataRow("original", DrafterKind.Auto)]
    [DataRow("original", DrafterKind.Int8Weights)]
    [DataRow("original", DrafterKind.Ngram)]
    [DataRow("int8", DrafterKind.Auto)]
    public async Task What_is_said_of_a_model_is_what_its_engine_says(string weights, DrafterKind drafter)
    {
        var options = new InferenceEngineOptions
        {
            Threads = 1, KvDtype = "f32", WeightFormat = weights, Engine = new EngineOptions { Drafter = drafter },
        };
        using var inspection = ModelInspection.Open(Demo, options);
        await using var engine = await InferenceEngine.LoadAsync(Demo, options);
        var (device, loaded) = (inspection.Device, engine.Engine);
        Assert.AreEqual(engine.Model with { Dtypes = [] }, inspection.Model with { Dtypes = [] });
        CollectionAssert.AreEqual(engine.Model.Dtypes.ToArray(), inspection.Model.Dtypes.ToArray());
        Assert.AreEqual(
            (loaded.Device, loaded.Threads, loaded.Isa, loaded.NumericsProfile, loaded.PageCount, loaded.Determinism, loaded.Drafter),
            (device.Device, device.Threads, device.Isa, device.NumericsProfile, device.PageCount, device.Determinism, device.Drafter));
        Assert.AreEqual(loaded.KvBytes, inspection.Memory.KvCache);
        Assert.AreEqual(
            new ModelFingerprint(loaded.Fingerprint, loaded.WeightsDigest, loaded.TokenizerDigest, loaded.ConfigDigest),
            await inspection.ComputeFingerprintAsync());
        Assert.IsInRange(loaded.MemoryAllocated - (256 << 10), loaded.MemoryAllocated, inspection.Memory.Total);
    }

    [TestMethod]
    public async Task The_longest_context_is_the_longest_that_loads()
    {
        foreach (var mebibytes in (int[])[20, 21])
        {
            var options = new InferenceEngineOptions { Threads = 1, MemoryLimit = (long)mebibytes << 20 };
            using var inspection = ModelInspection.Open(Demo, options);
            var longest = inspection.Memory.LongestContext;
            Assert.IsInRange(16, 1000, longest, $"{mebibytes} MiB");
            Assert.IsNotNull(inspection.Memory.Problem, "the model's whole context does not fit");
            Assert.AreEqual(0, inspection.Device.PageCount);
            await Assert.ThrowsExactlyAsync<ArgumentException>(
                () => InferenceEngine.LoadAsync(Demo, options with { MaxContext = longest + options.PageSize }));

            // Small buffers that are not reckoned with may cost a page.
            var fitting = longest - (4 * options.PageSize);
            await using var engine = await InferenceEngine.LoadAsync(Demo, options with { MaxContext = fitting });
            Assert.AreEqual(fitting, engine.Model.MaxContext);
        }
    }

    [TestMethod]
    public void A_model_larger_than_the_memory_is_described_all_the_same()
    {
        using var inspection = ModelInspection.Open(Demo, new InferenceEngineOptions { MemoryLimit = 1 << 20 });
        Assert.Contains("but 1 MiB are available", inspection.Memory.Problem!);
        Assert.AreEqual(0, inspection.Memory.LongestContext);
        Assert.AreEqual(2_755_008, inspection.Model.ParameterCount);
        Assert.ThrowsExactly<ArgumentException>(() => ModelInspection.Open(Demo, new InferenceEngineOptions { MaxContext = 1025 }));
    }

    [TestMethod]
    public void Weights_are_counted_by_dtype_and_without_idle_experts()
    {
        const int Expert = 3 * 16 * 8;
        var config = Configs.Llama();
        config["architectures"]![0] = "MixtralForCausalLM";
        config["intermediate_size"] = 8;
        config["num_local_experts"] = 4;
        config["num_experts_per_tok"] = 1;
        config["sliding_window"] = 32;
        using var model = new SmallModel(config.ToJsonString());
        model.Tensors["model.norm.weight"] = ("F32", [16]);
        model.WriteWeights();
        using var inspection = ModelInspection.Open(model.Path);
        var described = inspection.Model;
        Assert.AreEqual(
            model.Tensors.Values.Sum(tensor => tensor.Shape.Aggregate(1L, (product, extent) => product * extent)), described.ParameterCount);
        Assert.AreEqual(described.ParameterCount - (2 * 3 * Expert), described.ActiveParameterCount);
        Assert.AreEqual((4, 1), (described.Experts, described.ExpertsPerToken));
        Assert.AreEqual((32, 2), (described.SlidingWindow, described.WindowedLayers));
        Assert.AreEqual($"bf16 {described.ParameterCount - 16}, f32 16", string.Join(", ", described.Dtypes.Select(share => $"{share.Dtype} {share.Parameters}")));
        Assert.AreEqual(described.WeightBytes, described.Dtypes.Sum(share => share.Bytes));
        Assert.AreEqual((2L * 2 * 8 * 2, 2L * 2 * 8 * 4), (inspection.Memory.KvBytesPerTokenBf16, inspection.Memory.KvBytesPerTokenF32));
    }

    [TestMethod]
    public void Defaults_and_end_tokens_are_named_with_their_files()
    {
        using var model = new SmallModel();
        model.WriteWeights();
        model.Write("generation_config.json", """{"do_sample":true,"top_p":0.5}""");
        model.Write("tokenizer_config.json", """{"chat_template":"x"}""");
        using (var inspection = ModelInspection.Open(model.Path))
        {
            var defaults = inspection.Defaults;
            Assert.AreEqual(("generation_config.json", 1f, 0.5f, 50), (defaults.Source, defaults.Temperature, defaults.TopP, defaults.TopK));
            Assert.AreEqual("2 t2, 3 t3", string.Join(", ", defaults.EndTokens.Select(token => $"{token.Id} {token.Token}")));
            Assert.AreEqual("config.json", defaults.EndTokensSource);
            Assert.AreEqual(new TokenizerDescription("BPE", 32, 0), inspection.Tokenizer);
            Assert.IsTrue(inspection.HasChatTemplate);
        }
        model.Delete("tokenizer.json");
        model.Delete("tokenizer_config.json");
        using (var inspection = ModelInspection.Open(model.Path, new InferenceEngineOptions { UseGenerationDefaults = false }))
        {
            Assert.AreEqual((null, 1f, 1f, 0), (inspection.Defaults.Source, inspection.Defaults.Temperature, inspection.Defaults.TopP, inspection.Defaults.TopK));
            Assert.IsNull(inspection.Tokenizer);
            Assert.IsFalse(inspection.HasChatTemplate);
            Assert.IsNull(inspection.Defaults.EndTokens[0].Token);
        }
    }

    [TestMethod]
    public async Task Shards_are_counted_and_the_fingerprint_does_not_depend_on_them()
    {
        using var model = new SmallModel();
        model.WriteWeights();
        ModelFingerprint whole;
        using (var inspection = ModelInspection.Open(model.Path))
        {
            Assert.AreEqual(1, inspection.WeightFiles);
            whole = await inspection.ComputeFingerprintAsync();
        }
        var single = File.ReadAllBytes(Path.Combine(model.Path, "model.safetensors"));
        Assert.IsNotEmpty(single);
        var changed = single.ToArray();
        changed[^1]++;
        model.Write("model.safetensors", changed);
        using (var inspection = ModelInspection.Open(model.Path))
            Assert.AreNotEqual(whole.Fingerprint, (await inspection.ComputeFingerprintAsync()).Fingerprint);
    }
}
