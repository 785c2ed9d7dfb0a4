using Llm42.Core.Execution;
using Llm42.Testing;
using Llm42.Tests.Engine;

namespace Llm42.Tests.Gguf;

/// <summary>Models in GGUF answer as the same models in safetensors do, bit for bit.</summary>
[TestClass]
public sealed class GgufModelTests
{
    private const double LogitTolerance = 1e-3;

    private static readonly InferenceEngineOptions Options = new() { KvDtype = "f32", Threads = 1 };

    [TestMethod]
    [DataRow("llama")]
    [DataRow("mistral")]
    [DataRow("qwen2")]
    [DataRow("qwen3")]
    [DataRow("phi3")]
    [DataRow("mixtral")]
    [DataRow("qwen3-moe")]
    public async Task Each_architecture_has_the_bits_of_its_safetensors(string name)
    {
        var directory = RepositoryRoot.InShared($"data/arch/{name}");
        var model = HubModel.Load(directory);
        using var temporary = new TemporaryDirectory();
        var golden = Golden.Read("data", "arch", name, "golden.json");
        int[][] prompts = [.. golden.GetProperty("cases").EnumerateArray().Select(item => item.GetProperty("prompt_ids").Integers())];

        var expected = await ScoreAsync(directory, prompts);
        var bf16 = temporary.Write("bf16.gguf", GgufConversion.Convert(model, GgufBytes.BF16).ToArray());
        AssertSame(expected, await ScoreAsync(bf16, prompts), $"{name}, bf16");

        // The same values in f32, and each element as Q8_0 gives it back.
        Directory.CreateDirectory(Path.Combine(temporary.Path, "q8"));
        GgufConversion.Quantized(model).Write(
            Path.Combine(temporary.Path, "q8"), tensor => model.Tensors[tensor].Shape.Length == 1 ? GgufBytes.F32 : GgufBytes.F16);
        var q8 = temporary.Write("q8.gguf", GgufConversion.Convert(model, GgufBytes.Q8_0).ToArray());
        var quantized = await ScoreAsync(q8, prompts);
        AssertSame(await ScoreAsync(Path.Combine(temporary.Path, "q8"), prompts), quantized, $"{name}, q8_0");
        Assert.AreNotEqual(expected[0], quantized[0], "Q8_0 changes the answers.");
    }

    [TestMethod]
    [DataRow("llama", GgufBytes.F32)]
    [DataRow("llama", GgufBytes.F16)]
    [DataRow("qwen3-moe", GgufBytes.BF16)]
    public async Task The_fingerprint_is_that_of_the_same_elements_in_safetensors(string name, int type)
    {
        var model = HubModel.Load(RepositoryRoot.InShared($"data/arch/{name}"));
        using var temporary = new TemporaryDirectory();
        model.Write(temporary.Path, _ => type);
        var path = temporary.Write("model.gguf", GgufConversion.Convert(model, type, vectorType: type).ToArray());

        await using var expected = await InferenceEngine.LoadAsync(temporary.Path, Options);
        await using var found = await InferenceEngine.LoadAsync(path, Options);
        Assert.AreEqual(expected.Engine.WeightsDigest, found.Engine.WeightsDigest);
        Assert.AreEqual(expected.Engine.Fingerprint, found.Engine.Fingerprint);
        Assert.AreEqual(expected.Model with { Directory = path, Dtypes = found.Model.Dtypes }, found.Model);
        CollectionAssert.AreEqual(expected.Model.Dtypes.ToArray(), found.Model.Dtypes.ToArray());

        // One element of one matrix, behind the last row that could be missed by chance.
        var last = model.Tensors.Values.Last(tensor => tensor.Shape.Length > 1);
        last.Values[^1] += 1;
        var other = temporary.Write("other.gguf", GgufConversion.Convert(model, type, vectorType: type).ToArray());
        await using var changed = await InferenceEngine.LoadAsync(other, Options);
        Assert.AreNotEqual(found.Engine.WeightsDigest, changed.Engine.WeightsDigest);
    }

    /// <summary>The factors are in f32, so the bits differ from the formula's.</summary>
    [TestMethod]
    public async Task Rope_factors_of_llama_3_give_the_reference_logits()
    {
        var golden = Golden.Read("data", "arch", "llama3-rope", "golden.json");
        var file = GgufConversion.Convert(HubModel.Load(RepositoryRoot.InShared("data/arch/llama3-rope")), GgufBytes.BF16);
        using var temporary = new TemporaryDirectory();
        await using var engine = await InferenceEngine.LoadAsync(temporary.Write("model.gguf", file.ToArray()), Options);
        foreach (var item in golden.GetProperty("cases").EnumerateArray())
        {
            var prompt = item.GetProperty("prompt_ids").Integers();
            var last = (await engine.ScoreAsync(prompt, top: engine.Model.VocabularySize)).Positions[^1].Top;
            var expected = Golden.LogSoftmax([.. item.GetProperty("last_logits").EnumerateArray().Select(l => l.GetDouble())]);
            foreach (var (id, logprob) in last)
                Assert.AreEqual(expected[id], logprob, LogitTolerance, $"{prompt.Length} tokens, token {id}");
            var answer = await engine.CompleteAsync(prompt, new GenerationOptions { Temperature = 0, MaxTokens = 32, IgnoreEos = true });
            CollectionAssert.AreEqual(item.GetProperty("greedy").Integers(), answer.TokenIds.ToArray());
        }
    }

    [TestMethod]
    public async Task Stories_are_told_from_text_to_text()
    {
        var directory = RepositoryRoot.InShared("data/models/stories260k-f32");
        var file = GgufConversion.Convert(HubModel.Load(directory), GgufBytes.F32).AddSentencePiece(directory);
        using var temporary = new TemporaryDirectory();
        temporary.Write("stories.gguf", file.ToArray());
        await using var engine = await InferenceEngine.LoadAsync(temporary.Path, Options);
        foreach (var story in Golden.Read("data", "golden", "stories260k-f32.json").GetProperty("cases").EnumerateArray().Take(2))
        {
            var prompt = story.GetProperty("prompt").GetString()!;
            var answer = await engine.CompleteAsync(prompt, new GenerationOptions { Temperature = 0, MaxTokens = 200, IgnoreEos = true });
            CollectionAssert.AreEqual(story.GetProperty("prompt_ids").Integers(), engine.Tokenizer!.Encode(prompt, true), prompt);
            CollectionAssert.AreEqual(story.GetProperty("greedy_ids").Integers(), answer.TokenIds.ToArray(), prompt);
            Assert.AreEqual(story.GetProperty("text").GetString(), answer.Text, prompt);
        }
    }

    /// <summary>The log-probabilities of all tokens at every position of all prompts, in hexadecimal digits of their bits.</summary>
    private static async Task<string[]> ScoreAsync(string path, int[][] prompts)
    {
        await using var engine = await InferenceEngine.LoadAsync(path, Options);
        var rows = new List<string>();
        foreach (var prompt in prompts)
        {
            var scores = await engine.ScoreAsync(prompt, top: engine.Model.VocabularySize);
            rows.AddRange(scores.Positions.Select(position => string.Join(
                ' ', position.Top.Select(top => $"{top.TokenId}:{BitConverter.SingleToInt32Bits(top.Logprob):x8}"))));
        }
        return [.. rows];
    }

    private static void AssertSame(string[] expected, string[] found, string what)
    {
        Assert.HasCount(expected.Length, found, what);
        for (var row = 0; row < expected.Length; row++)
            Assert.AreEqual(expected[row], found[row], $"{what}, row {row}");
    }
}
