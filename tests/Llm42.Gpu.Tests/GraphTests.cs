using Llm42.Core.Engine;
using Llm42.Determinism.Tests;
using Llm42.Runtime;
using Llm42.Testing;

namespace Llm42.Gpu.Tests;

/// <summary>
/// Steps that are replayed from a recorded graph, at shapes rounded up, and steps that are chained on the device: the
/// answers are those of steps that are launched one by one at their own shapes.
/// </summary>
[TestClass]
public sealed class GraphTests
{
    [TestMethod]
    [DynamicData(nameof(CudaDevices.All), typeof(CudaDevices))]
    public async Task Graphs_and_chains_leave_no_trace(string device)
    {
        GpuDevice gpu = GpuDevice.Open(device);
        string model = GpuModels.Flattened(gpu);
        foreach (DrafterKind drafter in (DrafterKind[])[DrafterKind.None, DrafterKind.Same])
        {
            (Answer[] expected, long none) = await AnswerAsync(gpu, model, drafter, useGraphs: false, chainedSteps: 1);
            Assert.AreEqual(0, none);
            foreach (int chainedSteps in (int[])[1, 3, 0])
            {
                (Answer[] actual, long launches) = await AnswerAsync(gpu, model, drafter, useGraphs: true, chainedSteps);
                for (int i = 0; i < expected.Length; i++)
                    expected[i].AssertSame(actual[i], $"request {i}, drafter {drafter}, chains of {chainedSteps}");
                Assert.IsGreaterThan(0, launches, $"drafter {drafter}, chains of {chainedSteps}: nothing was replayed");
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(CudaDevices.All), typeof(CudaDevices))]
    public async Task A_graph_goes_where_its_buffers_go(string device)
    {
        GpuDevice gpu = GpuDevice.Open(device);
        LoadedModel loaded = EngineLoader.Load(GpuModels.Usual(gpu), WithFewRows(gpu), null, CancellationToken.None);
        var executor = (NativeModelExecutor)loaded.Executor;
        await using var engine = new InferenceEngine(loaded, WithFewRows(gpu).Engine);
        var options = new GenerationOptions { MaxTokens = 12, IsDeterministic = true, IgnoreEos = true, Temperature = 0 };
        int[] prompt = Prompts.Of(engine, 5, 1);
        Answer before = Answer.Of(await engine.CompleteAsync(prompt, options));
        Assert.IsGreaterThan(0, executor.GraphLaunches);

        // More top-logprobs than results had room for, then many more blocks than the batch had.
        Answer.Of(await engine.CompleteAsync(prompt, options with { TopLogprobs = 20 }));
        await engine.CompleteAsync(Prompts.Of(engine, 400, 2), options);
        before.AssertSame(Answer.Of(await engine.CompleteAsync(prompt, options)), "after the buffers have moved");
    }

    private static InferenceEngineOptions WithFewRows(GpuDevice gpu) => gpu.Options with
    {
        Engine = gpu.Options.Engine with { Drafter = DrafterKind.None, MaxSequences = 1, Window = 1, MaxBatchTokens = 3, PrefillChunk = 3 },
    };

    /// <summary>Requests that begin and end at different times, so that the batch has many shapes and each again.</summary>
    private static async Task<(Answer[] Answers, long GraphLaunches)> AnswerAsync(
        GpuDevice gpu, string model, DrafterKind drafter, bool useGraphs, int chainedSteps)
    {
        InferenceEngineOptions options = gpu.Options with
        {
            UseGraphs = useGraphs,
            Engine = gpu.Options.Engine with { Drafter = drafter, ChainedSteps = chainedSteps },
        };
        LoadedModel loaded = EngineLoader.Load(model, options, null, CancellationToken.None);
        var executor = (NativeModelExecutor)loaded.Executor;
        Answer[] answers;
        await using (var engine = new InferenceEngine(loaded, options.Engine))
        {
            Task<GenerationResult>[] running = [.. Enumerable.Range(0, 5).Select(i => engine.CompleteAsync(
                Prompts.Of(engine, 3 + (7 * i), i),
                new GenerationOptions
                {
                    MaxTokens = gpu.Size(6, 40) + (4 * i),
                    IsDeterministic = true,
                    IgnoreEos = true,
                    Seed = (ulong)i,
                    Temperature = i % 2 == 0 ? 0 : 0.8f,
                    TopLogprobs = i == 3 ? 2 : 0,
                }))];
            answers = [.. (await Task.WhenAll(running)).Select(Answer.Of)];
        }

        return (answers, executor.GraphLaunches);
    }
}
