using Llm42.Core.Engine;
using Llm42.Core.Requests;
using Llm42.Core.Scheduling;

namespace Llm42.Determinism.Tests;

/// <summary>The engine over a real model ends, or is not listened to, while requests are in every state.</summary>
[TestClass]
public sealed class EndingTests
{
    private static readonly int[] Prompt = [.. Enumerable.Range(2, 40)];

    private static readonly GenerationOptions Long = new()
    {
        MaxTokens = 400, Temperature = 0.8f, Seed = 42, IsDeterministic = true, IgnoreEos = true,
    };

    private static readonly InferenceEngineOptions Engine = new()
    {
        Threads = 1,
        PlannedThreads = 64,
        KvPages = 192,
        Engine = new EngineOptions
        {
            Determinism = DeterminismMode.Dvr, Drafter = DrafterKind.Same, Window = 4, PrefillChunk = 16, MaxSequences = 2, CheckIntegrity = true,
        },
    };

    private static Answer _alone = null!;

    [ClassInitialize]
    public static async Task AnswerAlone(TestContext context)
    {
        await using InferenceEngine engine = await InferenceEngine.LoadAsync(
            TestModels.Demo,
            new InferenceEngineOptions { Threads = 1, Engine = new EngineOptions { Drafter = DrafterKind.None, PrefixCache = false } },
            cancellationToken: context.CancellationToken);
        _alone = Answer.Of(await engine.CompleteAsync(Prompt, Long, context.CancellationToken));
    }

    [TestMethod]
    [DataRow(SegmentKind.Prefill, 16)]
    [DataRow(SegmentKind.Decode, 42)]
    [DataRow(SegmentKind.Verify, 42)]
    public async Task Disposal_gives_each_request_what_it_had_and_frees_everything(SegmentKind kind, int position)
    {
        LoadedModel model = EngineLoader.Load(TestModels.Demo, Engine, null, CancellationToken.None);
        var executor = new HeldExecutor(
            model.Executor,
            plan => plan.Segments.Any(segment => segment.Sequence.Id == 0 && segment.Kind == kind && segment.FirstPosition >= position));
        var engine = new InferenceEngine(model with { Executor = executor }, Engine.Engine);
        Task<GenerationResult>[] running = [.. Enumerable.Range(0, 5).Select(_ => engine.CompleteAsync(Prompt, Long))];
        await executor.Reached;
        Task<ScoreResult> score = engine.ScoreAsync(Prompt);
        ValueTask disposal = engine.DisposeAsync();
        executor.Release();
        await disposal;

        Assert.IsTrue(executor.IsDisposed);
        for (int i = 0; i < running.Length; i++)
        {
            GenerationResult result = await running[i];
            Assert.AreEqual(FinishReason.Cancelled, result.FinishReason);
            Answer had = Answer.Of(result);
            new Answer(_alone.TokenIds[..had.TokenIds.Length], _alone.LogprobBits[..had.TokenIds.Length], had.Statistics)
                .AssertSame(had, $"{kind}, request {i}");
            if (i >= Engine.Engine.MaxSequences)
                Assert.IsEmpty(had.TokenIds, "it was waiting");
        }

        await Assert.ThrowsAsync<OperationCanceledException>(() => score);
        await Assert.ThrowsExactlyAsync<ObjectDisposedException>(() => engine.CompleteAsync(Prompt, Long));
        AssertNothingIsHeld(engine);
    }

    [TestMethod]
    public async Task A_reader_that_stops_holds_nobody_up()
    {
        InferenceEngine engine = await InferenceEngine.LoadAsync(TestModels.Demo, Engine);
        await using (engine)
        {
            List<TokenEvent> tokens = [];
            GenerationChunk last = default;
            await using IAsyncEnumerator<GenerationChunk> slow = engine.GenerateAsync(Prompt, Long).GetAsyncEnumerator(CancellationToken.None);
            Assert.IsTrue(await slow.MoveNextAsync());
            tokens.AddRange(slow.Current.Tokens);
            for (int i = 0; i < 3; i++)
                _alone.AssertSame(Answer.Of(await engine.CompleteAsync(Prompt, Long)), $"beside a reader that has stopped, time {i}");
            while (await slow.MoveNextAsync())
            {
                last = slow.Current;
                tokens.AddRange(last.Tokens);
            }

            _alone.AssertSame(
                Answer.Of(new GenerationResult("", tokens, last.FinishReason!.Value, last.Usage!, last.Statistics!)), "the reader itself");
        }

        AssertNothingIsHeld(engine);
    }

    private static void AssertNothingIsHeld(InferenceEngine engine)
    {
        Scheduler scheduler = engine.Loop.Scheduler;
        Assert.IsEmpty(scheduler.Running);
        Assert.IsEmpty(scheduler.Waiting);
        scheduler.CheckIntegrity();
        Assert.AreEqual(scheduler.Pool.PageCount, scheduler.Pool.AvailableCount);
    }
}
