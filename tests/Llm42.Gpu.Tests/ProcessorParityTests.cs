using Llm42.Testing;

namespace Llm42.Gpu.Tests;

/// <summary>
/// The same weights on the cpu and on cuda: log-probabilities agree as far as bf16 activations allow. The weights are
/// exact in bf16 and keys and values are bf16 on both, so that only the rounding of activations is between them.
/// </summary>
[TestClass]
public sealed class ProcessorParityTests
{
    /// <summary>Half a unit in the last place of bf16, relative.</summary>
    private const double Rounding = 1.0 / 512;

    private const int Layers = 2;

    /// <summary>Scale of the output matrix's elements: RandomHead.Independent.</summary>
    private const double HeadScale = 0.1;

    [TestMethod]
    [DynamicData(nameof(CudaDevices.All), typeof(CudaDevices))]
    public async Task Log_probabilities_agree(string device)
    {
        GpuDevice gpu = GpuDevice.Open(device);
        string model = GpuModels.Usual(gpu);
        int length = gpu.Size(37, 700);
        float[] onCuda;
        double bound;
        await using (InferenceEngine engine = await gpu.LoadAsync(model))
        {
            onCuda = await ScoreAsync(engine, length, seed: 1);
            bound = Bound(engine.Model.HiddenSize);
        }

        await using InferenceEngine cpu = await InferenceEngine.LoadAsync(model, gpu.Options with { Backend = "cpu" });
        float[] onCpu = await ScoreAsync(cpu, length, seed: 1);
        Assert.AreNotEqual(0, LargestDifference(onCpu, onCuda), "bf16 activations leave no trace");
        Assert.IsLessThan(bound, LargestDifference(onCpu, onCuda));

        // The control: what another text makes likely is nowhere near.
        Assert.IsGreaterThan(4 * bound, LargestDifference(onCpu, await ScoreAsync(cpu, length, seed: 2)));
    }

    /// <summary>Log-probabilities of all tokens behind each position, by token id; of 256 tokens where there are more.</summary>
    private static async Task<float[]> ScoreAsync(InferenceEngine engine, int length, int seed)
    {
        int[] prompt = Prompts.Of(engine, length, seed);
        if (engine.Model.VocabularySize > 1024)
        {
            // Which tokens are the likeliest may differ: there are the text's own.
            return [.. (await engine.ScoreAsync(prompt)).Positions.Skip(1).Select(position => position.Logprob!.Value)];
        }

        ScoreResult result = await engine.ScoreAsync(prompt, engine.Model.VocabularySize);
        return [.. result.Positions.SelectMany(position => position.Top.OrderBy(top => top.TokenId).Select(top => top.Logprob))];
    }

    private static double LargestDifference(float[] a, float[] b)
    {
        Assert.HasCount(a.Length, b);
        return a.Zip(b).Max(pair => Math.Abs((double)pair.First - pair.Second));
    }

    /// <summary>
    /// To first order, with rounding errors independent of each other and uniform over a unit in the last place, each of
    /// relative variance r = Rounding^2 / 3. Weights are normal with the variance 1 / width, so that a product keeps the
    /// relative error of its input, and a branch adds at most the variance 1 to a residual stream that begins with 1; its
    /// part of the stream only grows, so that a norm passes on no more than the stream's absolute variance e.
    ///
    /// Attention rounds the normed input, q k v, the rotated q and k, the probabilities and its output, and its scores
    /// round twice more: 11 at most. What comes in passes through the values with 1 and through the scores with 2:
    /// e -> e + 3 e + 11 r, then r for each unit of variance of the stream. The gated product rounds its input and its
    /// output, and passes on what comes in with 1: e -> e + e + 3 r, and the stream again.
    ///
    /// A logit is a product of the head with the normed stream, rounded once more: HeadScale^2 width (e / variance + r).
    /// A log-probability differs by its logit's error and by the sum's, which is no larger. No error of a normal
    /// distribution is beyond six standard deviations in a million.
    /// </summary>
    private static double Bound(int width)
    {
        const double r = Rounding * Rounding / 3;
        double e = 0;
        double stream = 1;
        for (int layer = 0; layer < Layers; layer++)
        {
            stream += 1;
            e = (4 * e) + (11 * r) + (stream * r);
            stream += 1;
            e = (2 * e) + (3 * r) + (stream * r);
        }

        double logit = HeadScale * HeadScale * width * ((e / stream) + r);
        return 6 * Math.Sqrt(2 * logit);
    }
}
