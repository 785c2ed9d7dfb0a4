using Llm42.Core.Engine;
using Llm42.Determinism.Tests;
using Llm42.Testing;

namespace Llm42.Gpu.Tests;

/// <summary>
/// Keys and values that another request wrote, that were copied, lost and written again, or written piece by piece: the
/// answers are those of an engine that runs one request at a time, whole, and keeps nothing.
/// </summary>
[TestClass]
public sealed class CacheTests
{
    [TestMethod]
    [DynamicData(nameof(CudaDevices.All), typeof(CudaDevices))]
    public async Task Found_prefixes_leave_no_trace(string device)
    {
        GpuDevice gpu = GpuDevice.Open(device);
        (int[] Prompt, GenerationOptions Options)[] requests = await RequestsAsync(gpu);
        Answer[] expected = await AloneAsync(gpu, requests);
        (InferenceEngine engine, BatchExecutor executor) = GpuDevice.LoadObserved(GpuModels.Usual(gpu), gpu.Options);
        await using InferenceEngine owned = engine;
        for (int time = 0; time < 2; time++)
        {
            // All but the first begin like it, up to the middle of a page.
            for (int i = 0; i < requests.Length; i++)
                expected[i].AssertSame(Answer.Of(await engine.CompleteAsync(requests[i].Prompt, requests[i].Options)), $"request {i}, time {time}");
        }

        Assert.IsGreaterThan(3L * Common(gpu), engine.Statistics.CachedTokens, "no prefix was found: nothing was shown");
        Assert.IsTrue(executor.Plans.Any(plan => plan.Copies.Count > 0), "no page was copied: nothing was shown");
    }

    [TestMethod]
    [DynamicData(nameof(CudaDevices.All), typeof(CudaDevices))]
    public async Task Preemption_leaves_no_trace(string device)
    {
        GpuDevice gpu = GpuDevice.Open(device);
        (int[] Prompt, GenerationOptions Options)[] requests = await RequestsAsync(gpu);
        Answer[] expected = await AloneAsync(gpu, requests);

        // Pages for the longest of them, and a few: they begin together, and cannot all go on.
        int longest = requests.Max(request => request.Prompt.Length + request.Options.MaxTokens!.Value);
        await using InferenceEngine engine = await InferenceEngine.LoadAsync(GpuModels.Usual(gpu), gpu.Options with
        {
            KvPages = (longest / gpu.Options.PageSize) + (requests.Length * Common(gpu) / gpu.Options.PageSize / 2),
            MaxContext = longest,
            Engine = gpu.Options.Engine with { PrefixCache = false },
        });
        GenerationResult[] results = await Task.WhenAll(requests.Select(request => engine.CompleteAsync(request.Prompt, request.Options)));
        for (int i = 0; i < requests.Length; i++)
            expected[i].AssertSame(Answer.Of(results[i]), $"request {i}");
        Assert.IsGreaterThan(0, engine.Statistics.Preemptions, "nobody was preempted: nothing was shown");
    }

    [TestMethod]
    [DynamicData(nameof(CudaDevices.All), typeof(CudaDevices))]
    public async Task The_prefill_chunk_leaves_no_trace(string device)
    {
        GpuDevice gpu = GpuDevice.Open(device);
        (int[] Prompt, GenerationOptions Options)[] requests = await RequestsAsync(gpu);
        Answer[] expected = await AloneAsync(gpu, requests);
        foreach (int chunk in gpu.Size<int[]>([7, 33], [1, 7, 16, 33, 65]))
        {
            (InferenceEngine engine, BatchExecutor executor) = GpuDevice.LoadObserved(
                GpuModels.Usual(gpu),
                gpu.Options with { Engine = gpu.Options.Engine with { PrefillChunk = chunk, PrefixCache = false } });
            await using InferenceEngine owned = engine;
            GenerationResult[] results = await Task.WhenAll(requests.Select(request => engine.CompleteAsync(request.Prompt, request.Options)));
            for (int i = 0; i < requests.Length; i++)
                expected[i].AssertSame(Answer.Of(results[i]), $"chunks of {chunk}, request {i}");
            Assert.IsGreaterThan(Common(gpu) / chunk, executor.Plans.Count, $"chunks of {chunk}");
        }
    }

    /// <summary>Tokens that all prompts begin with, not a whole number of pages.</summary>
    private static int Common(GpuDevice gpu) => gpu.Size(45, 301);

    private static async Task<(int[] Prompt, GenerationOptions Options)[]> RequestsAsync(GpuDevice gpu)
    {
        await using InferenceEngine engine = await gpu.LoadAsync(GpuModels.Usual(gpu));
        int[] common = Prompts.Of(engine, Common(gpu), 0);
        GenerationOptions options = new() { MaxTokens = gpu.Size(10, 60), Temperature = 0, IsDeterministic = true, IgnoreEos = true };
        return
        [
            ([.. common, .. Prompts.Of(engine, 19, 1)], options),
            ([.. common, .. Prompts.Of(engine, 3, 2)], options with { Temperature = 0.9f, Seed = 7 }),
            ([.. common, .. Prompts.Of(engine, 8, 3)], options with { TopLogprobs = 2 }),
        ];
    }

    /// <summary>One at a time, without drafts, chunks or cache.</summary>
    private static async Task<Answer[]> AloneAsync(GpuDevice gpu, (int[] Prompt, GenerationOptions Options)[] requests)
    {
        await using InferenceEngine engine = await gpu.LoadAsync(
            GpuModels.Usual(gpu), options => options with { Drafter = DrafterKind.None, PrefixCache = false });
        List<Answer> answers = [];
        foreach ((int[] prompt, GenerationOptions options) in requests)
            answers.Add(Answer.Of(await engine.CompleteAsync(prompt, options)));
        return [.. answers];
    }
}
