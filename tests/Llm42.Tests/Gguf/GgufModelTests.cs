using Llm42.Core.Execution;
using Llm42.Testing;
using Llm42.Tests.Engine;

namespace Llm42.Tests.Gguf;

/// <summary>Models in GGUF answer as the same models in safetensors do, bit for bit.</summary>
[TestClass]
public sealed class GgufModelTests
{
    private const double LogitTolerance = 1e-3;

    private static readonly LlmEngineOptions Options = new() { KvDtype = "f32", Threads = 1 };

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

    /// <summary>The log-probabilities of all tokens at every position of all prompts, in hexadecimal digits of their bits.</summary>
    private static async Task<string[]> ScoreAsync(string path, int[][] prompts)
    {
        await using var engine = await LlmEngine.LoadAsync(path, Options);
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
