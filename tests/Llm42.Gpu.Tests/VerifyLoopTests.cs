using Llm42.Core.Engine;
using Llm42.Core.Observability;
using Llm42.Determinism.Tests;
using Llm42.Testing;

namespace Llm42.Gpu.Tests;

/// <summary>
/// Drafts of fast kernels, windows replayed by invariant ones, and what is rolled back: the answers are those of an
/// engine that never drafts. On pages of 8 positions each window of 8 drafts reaches over a page edge.
/// </summary>
[TestClass]
public sealed class VerifyLoopTests
{
    [TestMethod]
    [DynamicData(nameof(CudaDevices.All), typeof(CudaDevices))]
    public async Task Drafts_that_flat_logits_make_wrong_leave_no_trace(string device)
    {
        GpuDevice gpu = GpuDevice.Open(device);
        string model = GpuModels.Flattened(gpu);
        (Answer[] expected, _) = await AnswerAsync(gpu, model, options => options with { Drafter = DrafterKind.None });
        (Answer[] actual, EngineStatistics statistics) = await AnswerAsync(gpu, model, options => options);
        AssertSame(expected, actual);
        Assert.IsGreaterThan(0, statistics.Rollbacks, "no draft was ever wrong: nothing was shown");
        Assert.IsGreaterThan(0, statistics.TokensAccepted, "no draft was ever right: nothing was shown");
        Assert.AreEqual(statistics.TokensDrafted, statistics.TokensAccepted + statistics.TokensRolledBack);

        // The control: unless they are rolled back, wrong drafts are in the answers.
        (Answer[] leaky, _) = await AnswerAsync(gpu, model, options => options with { SkipMismatch = 0 });
        Assert.IsTrue(expected.Zip(leaky).Any(pair => pair.First.Key != pair.Second.Key), "drafts are never wrong");
    }

    [TestMethod]
    [DynamicData(nameof(CudaDevices.All), typeof(CudaDevices))]
    public async Task Drafts_that_are_rolled_back_though_they_are_right_leave_no_trace(string device)
    {
        GpuDevice gpu = GpuDevice.Open(device);
        string model = GpuModels.Usual(gpu);
        (Answer[] expected, _) = await AnswerAsync(gpu, model, options => options with { Drafter = DrafterKind.None });
        foreach (double share in gpu.Size<double[]>([40], [10, 30, 80, 99.9]))
        {
            (Answer[] actual, EngineStatistics statistics) = await AnswerAsync(gpu, model, options => options with { SkipMismatch = share });
            AssertSame(expected, actual);
            Assert.IsGreaterThan(0, statistics.VerificationWindows);
            Assert.AreEqual(statistics.VerificationWindows, statistics.Rollbacks, $"{share}% of each window");
        }
    }

    [TestMethod]
    [DynamicData(nameof(CudaDevices.All), typeof(CudaDevices))]
    public async Task The_window_leaves_no_trace(string device)
    {
        GpuDevice gpu = GpuDevice.Open(device);
        string model = GpuModels.Flattened(gpu);
        (Answer[] expected, _) = await AnswerAsync(gpu, model, options => options with { Drafter = DrafterKind.None });
        foreach (int window in gpu.Size<int[]>([3, 15], [1, 7, 15, 16, 31, 33, 64]))
        {
            (Answer[] actual, EngineStatistics statistics) =
                await AnswerAsync(gpu, model, options => options with { Window = window, VerifyGroup = 2 });
            AssertSame(expected, actual);
            Assert.IsGreaterThan(0, statistics.Rollbacks, $"window {window}");
        }
    }

    /// <summary>Answers to requests that run together: in a page's first slot, in its last, and over the place where attention is cut.</summary>
    private static async Task<(Answer[] Answers, EngineStatistics Statistics)> AnswerAsync(
        GpuDevice gpu, string model, Func<EngineOptions, EngineOptions> change)
    {
        await using InferenceEngine engine = await gpu.LoadAsync(model, change);
        GenerationOptions options = new() { MaxTokens = gpu.Size(16, 150), IsDeterministic = true, IgnoreEos = true, Seed = 42 };
        Task<GenerationResult>[] running =
        [
            engine.CompleteAsync(Prompts.Of(engine, 8, 1), options with { Temperature = 0 }),
            engine.CompleteAsync(Prompts.Of(engine, 7, 2), options with { Temperature = 0.8f, TopLogprobs = 3 }),
            engine.CompleteAsync(Prompts.Of(engine, gpu.Size(121, 243), 3), options with { Temperature = 0, RepetitionPenalty = 1.01f }),
        ];
        GenerationResult[] results = await Task.WhenAll(running);
        return ([.. results.Select(Answer.Of)], engine.Statistics);
    }

    private static void AssertSame(Answer[] expected, Answer[] actual)
    {
        for (int i = 0; i < expected.Length; i++)
            expected[i].AssertSame(actual[i], $"request {i}");
    }
}
