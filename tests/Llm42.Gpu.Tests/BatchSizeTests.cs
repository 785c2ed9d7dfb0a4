using System.Collections.Concurrent;
using Llm42.Core.Engine;
using Llm42.Core.Execution;
using Llm42.Core.Scheduling;
using Llm42.Determinism.Tests;
using Llm42.Testing;

namespace Llm42.Gpu.Tests;

/// <summary>
/// The check of determinism at the batch sizes around which the kernels change their tiles, amid prompts that bring the
/// rows of a step over each of these: every answer is the idle engine's, token ids and bits.
/// </summary>
[TestClass]
public sealed class BatchSizeTests
{
    private static readonly int[] TileEdges = [1, 2, 4, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128];

    /// <summary>The most rows that a tile of the linear kernels holds, smallest tile first.</summary>
    private static readonly int[] Tiles = [16, 32, 64, 128];

    /// <summary>Lengths of prompts that arrive one by one while a batch decodes: with one row of a batch, over each tile.</summary>
    private static readonly int[] Neighbours = [9, 31, 63, 127];

    [TestMethod]
    [DynamicData(nameof(CudaDevices.All), typeof(CudaDevices))]
    public async Task Drafted_answers_are_the_idle_engine_s_at_every_batch_size(string device)
    {
        GpuDevice gpu = GpuDevice.Open(device);
        Outcome outcome = await RunAsync(gpu, DeterminismMode.Dvr, isDeterministic: true, gpu.Size([1, 2, 15, 16, 17, 33], TileEdges));
        Assert.AreEqual("", outcome.Differing, $"{outcome.Compared} answers were compared");
        AssertEveryTileWasUsed(outcome.Plans);
        Assert.IsTrue(outcome.Plans.Any(plan => plan.Numerics == Numerics.Fast), "nothing was drafted");
    }

    [TestMethod]
    [DynamicData(nameof(CudaDevices.All), typeof(CudaDevices))]
    public async Task Answers_without_drafts_are_the_idle_engine_s_at_every_batch_size(string device)
    {
        GpuDevice gpu = GpuDevice.Open(device);
        Outcome outcome = await RunAsync(gpu, DeterminismMode.Invariant, isDeterministic: true, gpu.Size([1, 17], TileEdges));
        Assert.AreEqual("", outcome.Differing, $"{outcome.Compared} answers were compared");
        AssertEveryTileWasUsed(outcome.Plans);
    }

    [TestMethod]
    [DynamicData(nameof(CudaDevices.All), typeof(CudaDevices))]
    public async Task Without_determinism_the_batch_shows(string device)
    {
        GpuDevice gpu = GpuDevice.Open(device);
        Outcome outcome = await RunAsync(gpu, DeterminismMode.Dvr, isDeterministic: false, gpu.Size([2, 17], TileEdges));
        Assert.AreNotEqual("", outcome.Differing, $"{outcome.Compared} answers are the idle engine's: the other tests show nothing");
    }

    private static async Task<Outcome> RunAsync(GpuDevice gpu, DeterminismMode mode, bool isDeterministic, int[] sizes)
    {
        InferenceEngineOptions options = gpu.Options with
        {
            Engine = gpu.Options.Engine with
            {
                Determinism = mode,
                Drafter = DrafterKind.Auto,
                Window = 3,
                ChainedSteps = 1, // what arrives between two steps is to run in the second
                VerifyGroup = 128,
                PrefixCache = false, // every prompt is to run
                MaxSequences = sizes.Max() + 1,
                MaxBatchTokens = gpu.Size(256, 2048),
            },
        };
        (InferenceEngine engine, BatchExecutor executor) = GpuDevice.LoadObserved(GpuModels.Flattened(gpu), options);
        await using InferenceEngine owned = engine;
        var requests = Requests(engine, gpu, isDeterministic);
        List<Answer> idle = [];
        foreach ((int[] prompt, GenerationOptions request) in requests)
            idle.Add(Answer.Of(await engine.CompleteAsync(prompt, request)));
        executor.Plans.Clear();

        int compared = 0;
        List<string> differing = [];
        foreach (int size in sizes)
        {
            Answer[] answers = await RunAsync(engine, executor, requests, size);
            for (int i = 0; i < size; i++)
            {
                compared++;
                Answer expected = idle[RequestOf(i, idle.Count)];
                if (answers[i].Key != expected.Key)
                    differing.Add($"batch of {size}, request {i}: {answers[i].Key} instead of {expected.Key}");
            }
        }

        return new Outcome(compared, string.Join('\n', differing.Take(3)), [.. executor.Plans]);
    }

    /// <summary>As many requests as the size at once, and the neighbours as soon as all of them decode.</summary>
    private static async Task<Answer[]> RunAsync(
        InferenceEngine engine, BatchExecutor executor, List<(int[] Prompt, GenerationOptions Options)> requests, int size)
    {
        ConcurrentBag<Task> neighbours = [];
        int full = 0;
        executor.Before = plan =>
        {
            if (plan.Segments.Count(segment => segment.Kind != SegmentKind.Prefill) < size || full++ >= Neighbours.Length)
                return;
            neighbours.Add(engine.CompleteAsync(
                Prompts.Of(engine, Neighbours[full - 1], 9), new GenerationOptions { MaxTokens = 1, Temperature = 0 }));
        };
        executor.Hold();
        Task<GenerationResult>[] running =
            [.. Enumerable.Range(0, size).Select(i => requests[RequestOf(i, requests.Count)]).Select(r => engine.CompleteAsync(r.Prompt, r.Options))];
        executor.Release();
        GenerationResult[] results = await Task.WhenAll(running);
        executor.Before = null;
        await Task.WhenAll(neighbours);
        Assert.IsGreaterThan(0, full, $"the {size} requests never ran together");
        return [.. results.Select(Answer.Of)];
    }

    /// <summary>The first over the place where fast attention is cut, the others short.</summary>
    private static List<(int[] Prompt, GenerationOptions Options)> Requests(InferenceEngine engine, GpuDevice gpu, bool isDeterministic) =>
        [.. gpu.Size<int[]>([131, 3, 8, 13], [700, 3, 8, 13, 30]).Select((length, i) => (
            Prompts.Of(engine, length, i),
            new GenerationOptions
            {
                MaxTokens = gpu.Size(6, 32),
                Temperature = i % 3 == 2 ? 0.7f : 0,
                Seed = (ulong)i,
                IsDeterministic = isDeterministic,
                IgnoreEos = true,
            }))];

    /// <summary>One long request, and the short ones in turn.</summary>
    private static int RequestOf(int place, int requests) => place == 0 ? 0 : 1 + ((place - 1) % (requests - 1));

    private static void AssertEveryTileWasUsed(IReadOnlyList<BatchPlan> plans)
    {
        int[] rows = [.. plans.Where(plan => plan.Numerics == Numerics.Invariant).Select(plan => plan.Rows)];
        int least = 0;
        foreach (int tile in Tiles)
        {
            Assert.IsTrue(rows.Any(count => count > least && count <= tile), $"no invariant step of {least + 1}..{tile} rows");
            least = tile;
        }

        Assert.IsTrue(rows.Any(count => count > least), $"no invariant step of more than {least} rows");
    }

    /// <summary>How many answers were compared, the first that differ, and what ran.</summary>
    private sealed record Outcome(int Compared, string Differing, IReadOnlyList<BatchPlan> Plans);
}
