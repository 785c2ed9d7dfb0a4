using System.Text.Json.Nodes;
using Llm42.Inspection;
using Llm42.Models;
using Llm42.Tests.Models;
using Llm42.Weights;

namespace Llm42.Tests.Inspection;

/// <summary>A check of a model directory finds what is wrong, all of it, and nothing else.</summary>
[TestClass]
public sealed class ModelVerificationTests
{
    private const string Up = "model.layers.1.mlp.up_proj.weight";
    private const string Gate = "model.layers.1.mlp.gate_proj.weight";
    private const string Norm = "model.norm.weight";

    [TestMethod]
    public async Task A_sound_model_has_no_findings()
    {
        using var model = new SmallModel();
        model.WriteWeights();
        var report = await ModelVerification.RunAsync(model.Path);
        Assert.IsEmpty(report.Findings, Text(report));
        Assert.IsTrue(report.IsSound);
        Assert.AreEqual(model.Tensors.Count, report.Tensors);
        Assert.AreEqual(model.Tensors.Values.Sum(tensor => tensor.Shape.Aggregate(2L, (size, extent) => size * extent)), report.Bytes);
        Assert.AreEqual("LlamaForCausalLM", report.Architecture);
    }

    [TestMethod]
    public async Task Every_problem_is_found_in_one_run()
    {
        using var model = new SmallModel();
        model.Tensors.Remove(Up);
        model.Tensors["model.layers.0.self_attn.k_proj.weight"] = ("BF16", [16, 8]);
        model.Tensors["model.layers.0.mlp.down_proj.weight"] = ("I16", [16, 24]);
        model.Tensors["model.layers.0.self_attn.q_norm.weight"] = ("BF16", [4]);
        model.Tensors["model.layers.0.mlp.up_proj.weight"] = ("F32", [24, 16]);
        model.WriteWeights();
        model.Poke("lm_head.weight", 17, 0x7FC0, 0x7F80, 0xFF80);
        model.Poke(Norm, 0, new ushort[16]);
        model.Write(GenerationDefaults.FileName, """{"eos_token_id":99}""");
        model.Write("tokenizer_config.json", "{");
        model.Write("tokenizer.json", SmallModel.Tokenizer(35));
        var report = await ModelVerification.RunAsync(model.Path);
        Assert.IsFalse(report.IsSound);
        var expected = new (bool IsProblem, string? Tensor, string Part)[]
        {
            (true, Up, "of shape [24, 16] is missing"),
            (true, "model.layers.0.self_attn.k_proj.weight", "must have shape [8, 16], found [16, 8]"),
            (true, "model.layers.0.mlp.down_proj.weight", "must be f32, f16 or bf16, found i16"),
            (true, "model.layers.0.self_attn.q_norm.weight", "has no place in this architecture"),
            (true, "model.layers.0.mlp.up_proj.weight", "is f32, but \"model.layers.0.mlp.gate_proj.weight\" is bf16"),
            (true, "lm_head.weight", "1 values are not a number and 2 are infinite, of 512; the first is at [1, 1]"),
            (false, Norm, "all 16 values are 0"),
            (true, null, "eos_token_id must be an integer from 0 to 31"),
            (true, null, "not valid JSON"),
            (true, null, "3 tokens have ids beyond the model's vocabulary of 32, the first is 32, \"t32\""),
        };
        foreach (var (isProblem, tensor, part) in expected)
        {
            Assert.ContainsSingle(
                finding => finding.IsProblem == isProblem && finding.Tensor == tensor && finding.Message.Contains(part, StringComparison.Ordinal),
                report.Findings, $"{part}\n{Text(report)}");
        }
        Assert.HasCount(expected.Length, report.Findings, Text(report));
        var values = report.Findings.Single(finding => finding.Tensor == "lm_head.weight");
        Assert.AreEqual((1L, 2L, "1,1"), (values.NanCount, values.InfinityCount, string.Join(',', values.FirstPosition!)));
    }

    [TestMethod]
    public async Task A_tensor_of_many_pieces_is_counted_once_and_its_first_value_found()
    {
        var config = Configs.Llama();
        config["vocab_size"] = 400_000;
        using var model = new SmallModel(config.ToJsonString());
        model.Delete("tokenizer.json");
        model.WriteWeights();
        model.Poke("lm_head.weight", 6_300_000, 0x7FC0);
        model.Poke("lm_head.weight", 2_100_001, 0x7F80);
        var reported = new List<LoadProgress>();
        var report = await ModelVerification.RunAsync(model.Path, new Recorder(reported));
        var finding = report.Findings.Single(finding => finding.Tensor is not null);
        Assert.AreEqual((1L, 1L), (finding.NanCount, finding.InfinityCount));
        Assert.AreEqual($"{2_100_001 / 16},1", string.Join(',', finding.FirstPosition!));
        Assert.AreEqual(report.Bytes, reported[^1].LoadedBytes);
        Assert.AreEqual(report.Bytes, reported[^1].TotalBytes);
    }

    [TestMethod]
    public async Task A_damaged_shard_does_not_hide_the_others()
    {
        using var model = new SmallModel();
        string FileOf(string name) => name.Contains("layers.0", StringComparison.Ordinal) ? "a.safetensors" : name == Norm ? "c.safetensors" : "b.safetensors";
        model.WriteShards(FileOf);
        Assert.IsEmpty((await ModelVerification.RunAsync(model.Path)).Findings);

        model.Write("a.safetensors", [1, 2, 3]);
        model.Delete("c.safetensors");
        var report = await ModelVerification.RunAsync(model.Path);
        var lost = model.Tensors.Keys.Count(name => FileOf(name) != "b.safetensors");
        Assert.AreEqual(model.Tensors.Count - lost, report.Tensors);
        AssertProblems(report, "a.safetensors: has 3 bytes", "c.safetensors: the file does not exist", $"{lost} tensors were not found");
    }

    [TestMethod]
    public async Task What_the_index_says_otherwise_is_found()
    {
        using var model = new SmallModel();
        model.WriteShards(name => name == Norm || name == Gate ? "a.safetensors" : "b.safetensors");
        var path = Path.Combine(model.Path, SafetensorsSource.IndexFileName);
        var index = JsonNode.Parse(File.ReadAllText(path))!;
        index["weight_map"]![Norm] = "b.safetensors";
        index["weight_map"]!.AsObject().Remove(Gate);
        index["weight_map"]!["stranger"] = "a.safetensors";
        File.WriteAllText(path, index.ToJsonString());
        AssertProblems(
            await ModelVerification.RunAsync(model.Path),
            "says that the tensor is in b.safetensors",
            "b.safetensors: model.norm.weight: does not hold the tensor",
            $"{Gate}: model.safetensors.index.json does not list the tensor",
            "a.safetensors: stranger: does not hold the tensor");
        model.Write(SafetensorsSource.IndexFileName, """{"weight_map":{"x":"../x.safetensors"}}""");
        AssertProblems(await ModelVerification.RunAsync(model.Path), "\"../x.safetensors\"; it must be the name");
    }

    [TestMethod]
    public async Task A_damaged_config_leaves_the_values_to_be_read()
    {
        using var model = new SmallModel();
        model.WriteWeights();
        model.Poke(Norm, 3, 0x7F80);
        model.Write(ModelConfigReader.FileName, "{}");
        var report = await ModelVerification.RunAsync(model.Path);
        AssertProblems(report, "\"architectures\" is missing", $"{Norm}: 0 values are not a number and 1 are infinite");
        Assert.IsNull(report.Architecture);
        Assert.AreEqual(model.Tensors.Count, report.Tensors);
    }

    [TestMethod]
    public async Task An_empty_directory_and_none_are_told_apart()
    {
        using var directory = new TemporaryDirectory();
        var report = await ModelVerification.RunAsync(directory.Path);
        AssertProblems(report, "config.json: ", "model.safetensors: the file does not exist");
        await Assert.ThrowsExactlyAsync<ModelFormatException>(() => ModelVerification.RunAsync(Path.Combine(directory.Path, "none")));
    }

    [TestMethod]
    public async Task What_is_odd_but_loads_is_a_warning()
    {
        using var model = new SmallModel(Configs.With("eos_token_id", null));
        model.WriteWeights();
        model.Write(GenerationDefaults.FileName, "{}");
        model.Write("tokenizer_config.json", """{"eos_token":"</s>"}""");
        await Warns("eos_token is \"</s>\", which the tokenizer does not know", "no file names an end token");
        model.Write(GenerationDefaults.FileName, """{"eos_token_id":31}""");
        model.Write("tokenizer.json", SmallModel.Tokenizer(31));
        await Warns("eos_token is", "eos_token_id names 31, which the tokenizer does not know");
        model.Delete("tokenizer.json");
        await Warns("there is no tokenizer.json: prompts must be token ids");

        async Task Warns(params string[] expected)
        {
            var report = await ModelVerification.RunAsync(model.Path);
            Assert.IsTrue(report.IsSound, Text(report));
            Assert.HasCount(expected.Length, report.Findings, Text(report));
            foreach (var part in expected)
                Assert.Contains(part, Text(report));
        }
    }

    [TestMethod]
    public async Task A_check_can_be_cancelled()
    {
        using var model = new SmallModel();
        model.WriteWeights();
        await Assert.ThrowsAsync<OperationCanceledException>(
            () => ModelVerification.RunAsync(model.Path, null, new CancellationToken(canceled: true)));
        using var source = new CancellationTokenSource();
        await Assert.ThrowsAsync<OperationCanceledException>(
            () => ModelVerification.RunAsync(model.Path, new Canceller(source), source.Token));
    }

    private static void AssertProblems(VerificationReport report, params string[] expected)
    {
        Assert.IsFalse(report.IsSound, Text(report));
        foreach (var part in expected)
            Assert.Contains(part, Text(report));
        Assert.HasCount(expected.Length, report.Findings.Where(finding => finding.IsProblem), Text(report));
    }

    private static string Text(VerificationReport report) => string.Join('\n', report.Findings.Select(
        finding => $"{(finding.IsProblem ? "problem" : "warning")} {finding.File}: {(finding.Tensor is null ? "" : $"{finding.Tensor}: ")}{finding.Message}"));

    private sealed class Recorder(List<LoadProgress> reports) : IProgress<LoadProgress>
    {
        public void Report(LoadProgress value) => reports.Add(value);
    }

    private sealed class Canceller(CancellationTokenSource source) : IProgress<LoadProgress>
    {
        public void Report(LoadProgress value) => source.Cancel();
    }
}
