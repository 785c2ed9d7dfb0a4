using Llm42.Gguf;
using Llm42.Inspection;
using Llm42.ModelFiles;
using Llm42.Testing;

namespace Llm42.Tests.Gguf;

/// <summary>Which files make a model: one, several parts, or a directory's only one.</summary>
[TestClass]
public sealed class GgufFilesTests
{
    [TestMethod]
    public async Task Parts_make_the_model_that_one_file_makes()
    {
        var file = GgufConversion.Convert(HubModel.Load(RepositoryRoot.InShared("data/arch/llama")), GgufBytes.BF16);
        using var whole = new TemporaryDirectory();
        using var parts = new TemporaryDirectory();
        whole.Write("model.gguf", file.ToArray());
        WriteParts(parts, file);
        await using var expected = await InferenceEngine.LoadAsync(whole.Path, new InferenceEngineOptions { Threads = 1 });
        await using var found = await InferenceEngine.LoadAsync(parts.Path, new InferenceEngineOptions { Threads = 1 });
        Assert.AreEqual(expected.Engine.Fingerprint, found.Engine.Fingerprint);
    }

    [TestMethod]
    public void Parts_that_do_not_belong_together_are_refused()
    {
        using var directory = new TemporaryDirectory();
        var file = TinyModel().Add("a", [1], GgufBytes.F32, new byte[4]).Add("b", [1], GgufBytes.F32, new byte[4]);
        var parts = WriteParts(directory, file);
        using (GgufModel.Open(parts[0]))
        {
        }
        Refused(parts[1], "is part 2 of a model; name the first part, which ends in \"-00001-of-...\"");

        var second = File.ReadAllBytes(parts[1]);
        File.Delete(parts[1]);
        Refused(parts[0], "m-00002-of-00002.gguf: the file does not exist, though ");
        directory.Write("m-00002-of-00002.gguf", TinyModel().ToArray());
        Refused(parts[0], "m-00002-of-00002.gguf: holds tensor \"token_embd.weight\", which ");
        directory.Write("m-00002-of-00002.gguf", new GgufBytes().Add("split.count", (ushort)3).ToArray());
        Refused(parts[0], "split.count must be 2, as in ");
        directory.Write("m-00002-of-00002.gguf", new GgufBytes().Add("split.count", (ushort)2).Add("split.no", (ushort)0).ToArray());
        Refused(parts[0], "split.no must be 1, found 0");
        directory.Write("m-00002-of-00002.gguf", new GgufBytes().Add("split.count", (ushort)2).ToArray());
        Refused(parts[0], "split.tensors.count must be the number of tensors in all parts, which is 2, found 3");
        var renamed = directory.Write("other.gguf", File.ReadAllBytes(parts[0]));
        Refused(renamed, "is a part of 2; its name must end in \"-00001-of-00002.gguf\"");
        directory.Write("m-00002-of-00002.gguf", second);
        using (GgufModel.Open(parts[0]))
        {
        }
    }

    [TestMethod]
    public void A_directory_must_hold_one_model()
    {
        using var directory = new TemporaryDirectory();
        directory.Write("a.gguf", TinyModel().ToArray());
        directory.Write("config.json", "{}");
        using (var files = ModelFileSet.Open(directory.Path))
            Assert.EndsWith("a.gguf", files.Path);

        WriteParts(directory, TinyModel().Add("a", [1], GgufBytes.F32, new byte[4]));
        var error = Assert.ThrowsExactly<ModelFormatException>(() => ModelFileSet.Open(directory.Path));
        Assert.Contains("holds 2 models in GGUF files; name one of them: a.gguf, m-00001-of-00002.gguf.", error.Message);

        // Safetensors come first: a folder of them may hold a converted copy.
        directory.Write("model.safetensors", []);
        using (var files = ModelFileSet.Open(directory.Path))
            Assert.IsInstanceOfType<HuggingFaceFileSet>(files);
        var text = directory.Write("model.bin", [1]);
        error = Assert.ThrowsExactly<ModelFormatException>(() => ModelFileSet.Open(text));
        Assert.Contains("model.bin: is a file; a model is a directory in Hugging Face's layout or a file whose name ends in .gguf", error.Message);
    }

    [TestMethod]
    public void Templates_sampling_and_tokens_come_from_metadata()
    {
        using var directory = new TemporaryDirectory();
        var path = directory.Write("m.gguf", TinyModel()
            .Add("tokenizer.chat_template", "{{ messages }}")
            .Add("general.sampling.temp", 0.6f).Add("general.sampling.top_k", 20).Add("general.sampling.top_p", 0.95f)
            .ToArray());
        using var files = ModelFileSet.Open(path);
        Assert.AreEqual("{{ messages }}", files.LoadChatTemplate()!.Sources["default"]);
        Assert.IsNull(files.LoadTokenizer());
        Assert.AreEqual(0.6, files.GenerationConfig!.Number("temperature", 0, 1));
        Assert.AreEqual(0.95, files.GenerationConfig.Number("top_p", 0, 1));
        Assert.AreEqual(20, files.GenerationConfig.Integer("top_k", 0, 100));
        Assert.IsTrue(files.GenerationConfig.Boolean("do_sample", false));
        Assert.IsFalse(files.GenerationConfig.Has("eos_token_id"));
    }

    [TestMethod]
    public void A_tokenizer_is_loaded_without_the_weights()
    {
        using var directory = new TemporaryDirectory();
        var stories = RepositoryRoot.InShared("data/models/stories260k-f32");
        var path = directory.Write("m.gguf", TinyModel().AddSentencePiece(stories).ToArray());
        int[] expected = TokenizerLoader.Load(stories)!.Encode("Once upon a time", addSpecialTokens: true);
        CollectionAssert.AreEqual(expected, TokenizerLoader.Load(path)!.Encode("Once upon a time", addSpecialTokens: true));
        CollectionAssert.AreEqual(expected, TokenizerLoader.Load(directory.Path)!.Encode("Once upon a time", addSpecialTokens: true));
        CollectionAssert.AreEqual(
            expected, TokenizerLoader.Load(Path.Combine(stories, "tokenizer.json"))!.Encode("Once upon a time", addSpecialTokens: true));
        Assert.IsNull(TokenizerLoader.Load(directory.Write("n.gguf", TinyModel().ToArray())));
    }

    [TestMethod]
    public async Task A_model_is_described_and_verified_without_being_loaded()
    {
        var model = HubModel.Load(RepositoryRoot.InShared("data/arch/llama"));
        using var directory = new TemporaryDirectory();
        var path = directory.Write("m.gguf", GgufConversion.Convert(model, GgufBytes.Q8_0).ToArray());
        await using var engine = await InferenceEngine.LoadAsync(path, new InferenceEngineOptions { Threads = 1 });
        using (var inspection = ModelInspection.Open(path, new InferenceEngineOptions { Threads = 1 }))
        {
            Assert.AreEqual("gguf", inspection.Format);
            Assert.AreEqual(engine.Engine.Fingerprint, (await inspection.ComputeFingerprintAsync()).Fingerprint);
        }
        Assert.IsTrue((await ModelVerification.RunAsync(path)).IsSound);

        model.Tensors.First().Value.Values[0] = float.NaN;
        directory.Write("m.gguf", GgufConversion.Convert(model, GgufBytes.F32).Set("llama.block_count", 3u).ToArray());
        var report = await ModelVerification.RunAsync(directory.Path);
        Assert.IsFalse(report.IsSound);
        Assert.IsTrue(report.Findings.Any(finding => finding.Tensor == "model.layers.2.mlp.up_proj.weight"));
        Assert.IsTrue(report.Findings.Any(finding => finding.Tensor == model.Tensors.First().Key));
        directory.Write("m.gguf", "GGUF");
        Assert.Contains("truncated file?", (await ModelVerification.RunAsync(path)).Findings.Single().Message);
    }

    private static GgufBytes TinyModel() => TinyModels.Llama();

    /// <summary>Writes a file in two parts, every second tensor in the second.</summary>
    private static string[] WriteParts(TemporaryDirectory directory, GgufBytes file)
    {
        var second = new GgufBytes().Add("split.no", (ushort)1).Add("split.count", (ushort)2).AddTensorsOf(file, i => i % 2 == 1);
        var count = file.TensorCount;
        file.Add("split.no", (ushort)0).Add("split.count", (ushort)2).Add("split.tensors.count", count).KeepTensors(i => i % 2 == 0);
        return [directory.Write("m-00001-of-00002.gguf", file.ToArray()), directory.Write("m-00002-of-00002.gguf", second.ToArray())];
    }

    private static void Refused(string path, string expected) =>
        Assert.Contains(expected, Assert.ThrowsExactly<ModelFormatException>(() => GgufModel.Open(path)).Message);
}
