using Llm42.Core.Engine;
using Llm42.Native;

namespace Llm42.Determinism.Tests;

/// <summary>Memory that runs out while the engine runs: the request ends with the error, and the engine goes on.</summary>
[TestClass]
public sealed class MemoryLimitTests
{
    private static readonly InferenceEngineOptions Engine = new()
    {
        Threads = 1,
        PageSize = 8,
        KvPages = 192,
        Engine = new EngineOptions { Determinism = DeterminismMode.Invariant, Drafter = DrafterKind.None, MaxSequences = 4, CheckIntegrity = true },
    };

    private static readonly GenerationOptions Short = new()
    {
        MaxTokens = 12, Temperature = 0.8f, Seed = 42, IsDeterministic = true, IgnoreEos = true,
    };

    private static readonly int[] Prompt = [.. Enumerable.Range(2, 9)];

    [TestMethod]
    public Task Results_with_the_likeliest_tokens_that_cannot_grow() => FailAndGoOnAsync(
        FewRows, Prompt, Short with { TopLogprobs = 3 }, Prompt, Short with { TopLogprobs = 1000 }, "buffer of ");

    [TestMethod]
    public Task A_workspace_that_cannot_grow() => FailAndGoOnAsync(
        Engine, Prompt, Short, [.. Enumerable.Range(2, 500)], Short, "workspace of ");

    [TestMethod]
    public Task A_step_buffer_that_cannot_grow() => FailAndGoOnAsync(
        FewRows, Prompt, Short, [.. Enumerable.Range(2, 400)], Short, "buffer of ");

    /// <summary>Buffers that have room for what a step of few rows needs, and hardly for more.</summary>
    private static InferenceEngineOptions FewRows =>
        Engine with { Engine = Engine.Engine with { MaxSequences = 1, Window = 1, MaxBatchTokens = 3, PrefillChunk = 3 } };

    /// <summary>
    /// Gives an engine what it holds behind a small request, and no byte more; asks what needs more; asks the small one
    /// again.
    /// </summary>
    private static async Task FailAndGoOnAsync(
        InferenceEngineOptions options, int[] smallPrompt, GenerationOptions small, int[] largePrompt, GenerationOptions large, string what)
    {
        long held;
        Answer alone;
        Answer largeAlone;
        await using (InferenceEngine unlimited = await InferenceEngine.LoadAsync(TestModels.Demo, options))
        {
            alone = Answer.Of(await unlimited.CompleteAsync(smallPrompt, small));
            held = await HeldAsync(options, smallPrompt, small);
            largeAlone = Answer.Of(await unlimited.CompleteAsync(largePrompt, large));
        }

        InferenceEngineOptions limited = options with { MemoryLimit = held };
        InferenceEngine engine = await InferenceEngine.LoadAsync(TestModels.Demo, limited);
        await using (engine)
        {
            alone.AssertSame(Answer.Of(await engine.CompleteAsync(smallPrompt, small)), "before");
            for (int time = 0; time < 2; time++)
            {
                NativeException error = await Assert.ThrowsExactlyAsync<NativeException>(() => engine.CompleteAsync(largePrompt, large));
                Assert.AreEqual(Status.OutOfMemory, error.Status, error.Message);
                StringAssert.Contains(error.Message, what, StringComparison.Ordinal);
                StringAssert.Contains(error.Message, $"memory_limit is {held} bytes", StringComparison.Ordinal);
                alone.AssertSame(Answer.Of(await engine.CompleteAsync(smallPrompt, small)), $"after failure {time}");
            }
        }

        Assert.AreEqual(engine.Loop.Scheduler.Pool.PageCount, engine.Loop.Scheduler.Pool.AvailableCount);

        // The control: with the room that it asked for, the large request is answered.
        await using InferenceEngine roomy = await InferenceEngine.LoadAsync(TestModels.Demo, limited with { MemoryLimit = held + (64 << 20) });
        largeAlone.AssertSame(Answer.Of(await roomy.CompleteAsync(largePrompt, large)), "with room");
    }

    /// <summary>Bytes that the device holds behind a request.</summary>
    private static async Task<long> HeldAsync(InferenceEngineOptions options, int[] prompt, GenerationOptions request)
    {
        LoadedModel model = EngineLoader.Load(TestModels.Demo, options, null, CancellationToken.None);
        var executor = new MeasuringExecutor(model.Executor);
        await using var engine = new InferenceEngine(model with { Executor = executor }, options.Engine);
        await engine.CompleteAsync(prompt, request);
        return executor.Held;
    }
}
