using Llm42.Testing;

namespace Llm42.Gpu.Tests;

/// <summary>Models of every architecture on cuda: what the cpu says, as far as bf16 allows, and bits that no load changes.</summary>
[TestClass]
public sealed class ArchitectureTests
{
    /// <summary>
    /// Of the spread of the log-probabilities. A rounding to bf16 is off by up to 1/512, and in two layers a few tens of
    /// them add up at random; a head, an expert or an offset in the wrong place moves them by most of the spread. Half of
    /// the positions must agree: at others two experts may score so alike that rounding decides between them.
    /// </summary>
    private const double Tolerance = 0.03;

    /// <summary>Between them they have all that an architecture can have: windows, biases, head norms, fused matrices, experts.</summary>
    private static readonly string[] Architectures = ["mistral", "phi3", "qwen2", "qwen3-moe"];

    [TestMethod]
    [DynamicData(nameof(CudaDevices.All), typeof(CudaDevices))]
    public async Task Log_probabilities_are_those_of_the_cpu(string device)
    {
        GpuDevice gpu = GpuDevice.Open(device);
        foreach (string architecture in Architectures)
        {
            string model = RepositoryRoot.InShared($"data/arch/{architecture}");
            await using InferenceEngine cuda = await gpu.LoadAsync(model);
            await using InferenceEngine cpu = await InferenceEngine.LoadAsync(model, gpu.Options with { Backend = "cpu" });
            float[][] expected = await ScoreAsync(cpu, seed: 1);
            double spread = expected.Max(position => position.Max() - position.Min());
            Assert.IsLessThan(Tolerance, Difference(expected, await ScoreAsync(cuda, seed: 1)) / spread, architecture);

            // The control: another text.
            Assert.IsGreaterThan(4 * Tolerance, Difference(expected, await ScoreAsync(cpu, seed: 2)) / spread, architecture);
        }
    }

    [TestMethod]
    [DynamicData(nameof(CudaDevices.All), typeof(CudaDevices))]
    public async Task Answers_amid_others_have_the_bits_of_answers_alone(string device)
    {
        GpuDevice gpu = GpuDevice.Open(device);
        var options = new GenerationOptions { IsDeterministic = true, Temperature = 1, Seed = 3, MaxTokens = 6, IgnoreEos = true };
        foreach (string architecture in Architectures)
        {
            await using InferenceEngine engine = await gpu.LoadAsync(RepositoryRoot.InShared($"data/arch/{architecture}"));
            int[][] prompts = [.. Enumerable.Range(0, 4).Select(i => Prompts.Of(engine, 5 + (7 * i), seed: 10 + i))];
            List<string> alone = [];
            foreach (int[] prompt in prompts)
                alone.Add(Bits(await engine.CompleteAsync(prompt, options)));
            GenerationResult[] together = await Task.WhenAll(prompts.Select(prompt => engine.CompleteAsync(prompt, options)));
            CollectionAssert.AreEqual(alone, together.Select(Bits).ToList(), architecture);
        }
    }

    private static string Bits(GenerationResult result) => string.Join(
        ' ', result.Tokens.Select(token => FormattableString.Invariant($"{token.TokenId}:{BitConverter.SingleToInt32Bits(token.Logprob):x8}")));

    private static async Task<float[][]> ScoreAsync(InferenceEngine engine, int seed)
    {
        ScoreResult result = await engine.ScoreAsync(Prompts.Of(engine, 24, seed), engine.Model.VocabularySize);
        return [.. result.Positions.Select(position => position.Top.OrderBy(top => top.TokenId).Select(top => top.Logprob).ToArray())];
    }

    /// <summary>The median over positions of the largest difference there.</summary>
    private static double Difference(float[][] a, float[][] b)
    {
        double[] largest = [.. a.Zip(b, (x, y) => x.Zip(y).Max(pair => Math.Abs((double)pair.First - pair.Second))).Order()];
        return largest[largest.Length / 2];
    }
}
