using Llm42.Core.Engine;
using Llm42.Core.Execution;
using Llm42.Core.Requests;
using Llm42.Core.Scheduling;

namespace Llm42.Core.Tests;

/// <summary>Engines that end with requests in every state, and readers that do not read.</summary>
[TestClass]
public sealed class EndingTests
{
    private static readonly EngineOptions Options = new()
    {
        Determinism = DeterminismMode.Dvr,
        Drafter = DrafterKind.Same,
        Window = 8,
        MaxSequences = 1,
        MaxBatchTokens = 16,
        PrefillChunk = 6,
        CheckIntegrity = true,
    };

    [TestMethod]
    [DataRow(SegmentKind.Prefill, 0)]
    [DataRow(SegmentKind.Prefill, 12)]
    [DataRow(SegmentKind.Decode, 21)]
    [DataRow(SegmentKind.Decode, 24)]
    [DataRow(SegmentKind.Verify, 20)]
    public async Task Disposal_cancels_whatever_state_a_request_is_in(SegmentKind kind, int position)
    {
        using var gate = new ManualResetEventSlim();
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var model = new FakeModel
        {
            OnExecute = plan =>
            {
                if (plan.Segments[0].Kind != kind || plan.Segments[0].FirstPosition < position)
                    return;
                reached.TrySetResult();
                gate.Wait();
            },
        };
        var engine = new EngineLoop(model, Options);
        GenerationRequest request = Requests.Of(20, 500, true, 3);
        RequestHandle running = engine.Submit(request);
        RequestHandle waiting = engine.Submit(Requests.Of(20, 500, true, 4));
        await reached.Task;
        RequestHandle unseen = engine.Submit(Requests.Of(20, 500, false, 5));
        ValueTask disposal = engine.DisposeAsync();
        gate.Set();
        await disposal;

        Assert.IsTrue(model.IsDisposed);
        foreach (RequestHandle handle in (RequestHandle[])[running, waiting, unseen])
        {
            Assert.AreEqual(FinishReason.Cancelled, (await handle.Completion).Reason);
            int[] tokens = await handle.Tokens.ReadAllAsync().Select(token => token.TokenId).ToArrayAsync();
            CollectionAssert.AreEqual(handle == running ? FakeModel.CanonicalAnswer(request, tokens.Length) : [], tokens);
        }

        AssertNothingIsHeld(engine);
        Assert.ThrowsExactly<ObjectDisposedException>(() => engine.Submit(request));
    }

    [TestMethod]
    public async Task An_engine_that_an_error_of_its_own_ended_says_so()
    {
        // A prediction too few is nothing that the engine could go on from.
        var engine = new EngineLoop(new Mute(), Options);
        Assert.IsTrue(engine.IsRunning);
        RequestHandle handle = engine.Submit(Requests.Of(3, 5, true));
        Exception failure = await Assert.ThrowsAsync<Exception>(() => handle.Completion);
        await engine.DisposeAsync();
        Assert.IsFalse(engine.IsRunning);
        InvalidOperationException error = Assert.ThrowsExactly<InvalidOperationException>(() => engine.Submit(Requests.Of(3, 5, true)));
        Assert.AreSame(failure, error.InnerException);
    }

    [TestMethod]
    public async Task A_reader_that_stops_holds_nobody_up()
    {
        var engine = new EngineLoop(new FakeModel { FlipOneIn = 5 }, Options with { MaxSequences = 4 });
        GenerationRequest unread = Requests.Of(7, 1500, true, 1);
        RequestHandle handle = engine.Submit(unread);
        await handle.Tokens.ReadAsync();
        GenerationRequest other = Requests.Of(9, 50, true, 2);
        RequestHandle bystander = engine.Submit(other);
        int[] answer = await bystander.Tokens.ReadAllAsync().Select(token => token.TokenId).ToArrayAsync();
        CollectionAssert.AreEqual(FakeModel.CanonicalAnswer(other, 50), answer);

        Assert.AreEqual(1500, (await handle.Completion).CompletionTokens);
        int[] rest = await handle.Tokens.ReadAllAsync().Select(token => token.TokenId).ToArrayAsync();
        CollectionAssert.AreEqual(FakeModel.CanonicalAnswer(unread, 1500)[1..], rest);
        await engine.DisposeAsync();
        AssertNothingIsHeld(engine);
    }

    [TestMethod]
    public async Task Steps_that_fail_at_random_lose_no_page_and_no_other_request()
    {
        int seed = Environment.TickCount;
        var random = new Random(seed);
        HashSet<long> failed = [];
        var model = new FakeModel(pages: 64)
        {
            OnCopy = (_, _) => Fail(0.1, null),
        };
        model.OnExecute = plan => Fail(0.03, plan);
        var engine = new EngineLoop(model, Options with { MaxSequences = 6, MaxBatchTokens = 32 });
        GenerationRequest[] requests = [.. Enumerable.Range(0, 120).Select(i => Requests.Of(1 + (i % 40), 1 + (i % 33), i % 3 != 0, (ulong)(i % 4)))];
        RequestHandle[] handles = [.. requests.Select(request => engine.Submit(request))];
        int answered = 0;
        for (int i = 0; i < handles.Length; i++)
        {
            try
            {
                int[] tokens = await handles[i].Tokens.ReadAllAsync().Select(token => token.TokenId).ToArrayAsync();
                answered++;
                lock (failed)
                    Assert.DoesNotContain((long)i, failed, $"seed {seed}: request {i} went on behind a failed step");
                if (requests[i].IsDeterministic)
                    CollectionAssert.AreEqual(FakeModel.CanonicalAnswer(requests[i], requests[i].MaxTokens), tokens, $"seed {seed}, request {i}");
            }
            catch (InvalidDataException error)
            {
                Assert.AreEqual("planted", error.Message);
            }
        }

        Assert.IsGreaterThan(0, answered, $"seed {seed}");
        Assert.IsLessThan(handles.Length, answered, $"seed {seed}");
        await engine.DisposeAsync();
        AssertNothingIsHeld(engine, $"seed {seed}");

        void Fail(double probability, BatchPlan? plan)
        {
            if (random.NextDouble() >= probability)
                return;
            lock (failed)
                failed.UnionWith(plan?.Segments.Select(segment => segment.Sequence.Id) ?? []);
            throw new InvalidDataException("planted");
        }
    }

    private static void AssertNothingIsHeld(EngineLoop engine, string context = "")
    {
        Scheduler scheduler = engine.Scheduler;
        Assert.IsEmpty(scheduler.Running, context);
        Assert.IsEmpty(scheduler.Waiting, context);
        scheduler.CheckIntegrity();
        Assert.AreEqual(scheduler.Pool.PageCount, scheduler.Pool.AvailableCount, context);
    }

    /// <summary>Predicts nothing.</summary>
    private sealed class Mute : IModelExecutor
    {
        public ExecutorInfo Info { get; } = new(50, 2048, 8, 64, true, "fake-1");

        public StepResult Execute(BatchPlan plan) => new([]);

        public void CopyPage(int source, int destination)
        {
        }

        public void Dispose()
        {
        }
    }
}
