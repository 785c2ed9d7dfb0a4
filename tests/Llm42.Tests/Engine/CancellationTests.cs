using Llm42.Core.Engine;
using Llm42.Core.Requests;

namespace Llm42.Tests.Engine;

/// <summary>Requests that end early. The fake executor holds its steps up until the test lets it go.</summary>
[TestClass]
public sealed class CancellationTests
{
    private static readonly GenerationOptions Long = new() { MaxTokens = 900 };

    [TestMethod]
    public async Task Leaving_the_enumeration_ends_the_request()
    {
        using var gate = new SemaphoreSlim(0);
        await using var engine = FakeEngine.Alphabet(out var executor);
        executor.BeforeStep = step => Hold(gate, step < 3);
        gate.Release();
        await foreach (var chunk in engine.GenerateAsync("a", Long))
        {
            Assert.AreEqual("b", chunk.Text);
            break;
        }
        await AssertEngineIsFree(engine, executor, gate);
    }

    [TestMethod]
    public async Task Cancelling_the_token_ends_enumeration_and_request()
    {
        using var gate = new SemaphoreSlim(0);
        using var cancellation = new CancellationTokenSource();
        await using var engine = FakeEngine.Alphabet(out var executor);
        executor.BeforeStep = step => Hold(gate, step < 3);
        gate.Release();
        await using var chunks = engine.GenerateAsync("a", Long).GetAsyncEnumerator(cancellation.Token);
        Assert.IsTrue(await chunks.MoveNextAsync());
        var next = chunks.MoveNextAsync();
        await cancellation.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(async () => await next);
        await AssertEngineIsFree(engine, executor, gate);
    }

    [TestMethod]
    public async Task A_token_that_is_cancelled_already_starts_nothing()
    {
        await using var engine = FakeEngine.Alphabet(out var executor);
        await Assert.ThrowsAsync<OperationCanceledException>(
            () => engine.CompleteAsync("a", Long, new CancellationToken(canceled: true)));
        await engine.DisposeAsync();
        Assert.AreEqual(0, executor.Steps);
    }

    [TestMethod]
    public async Task Disposing_the_engine_ends_its_requests()
    {
        using var gate = new SemaphoreSlim(0);
        var engine = FakeEngine.Alphabet(out var executor);
        executor.BeforeStep = step => Hold(gate, step < 3);
        gate.Release();
        await using var chunks = engine.GenerateAsync("a", Long).GetAsyncEnumerator(CancellationToken.None);
        Assert.IsTrue(await chunks.MoveNextAsync());
        var disposal = engine.DisposeAsync();
        gate.Release(3);
        await disposal;
        Assert.IsTrue(executor.IsDisposed);

        FinishReason? reason = null;
        while (await chunks.MoveNextAsync())
            reason = chunks.Current.FinishReason;
        Assert.AreEqual(FinishReason.Cancelled, reason);
        await Assert.ThrowsExactlyAsync<ObjectDisposedException>(() => engine.CompleteAsync("a", Long));
    }

    [TestMethod]
    public async Task An_error_of_the_executor_reaches_the_caller_and_the_engine_goes_on()
    {
        await using var engine = FakeEngine.Alphabet(out var executor);
        executor.BeforeStep = step => _ = step == 2 ? throw new InvalidDataException("broken") : 0;
        var error = await Assert.ThrowsExactlyAsync<InvalidDataException>(() => engine.CompleteAsync("a", Long));
        Assert.AreEqual("broken", error.Message);
        Assert.AreEqual("b", (await engine.CompleteAsync("a", new GenerationOptions { MaxTokens = 1 })).Text);
    }

    [TestMethod]
    public async Task One_request_too_many_is_refused()
    {
        using var gate = new SemaphoreSlim(0);
        using var entered = new ManualResetEventSlim();
        await using var engine = FakeEngine.Alphabet(out var executor, new EngineOptions { QueueCapacity = 1, MaxSequences = 1 });
        executor.BeforeStep = step =>
        {
            entered.Set();
            Hold(gate, step < 1);
        };
        var short1 = new GenerationOptions { MaxTokens = 1 };
        var running = engine.CompleteAsync("a", short1);
        entered.Wait();
        var waiting = engine.CompleteAsync("a", short1);
        var error = await Assert.ThrowsExactlyAsync<EngineQueueFullException>(() => engine.CompleteAsync("a", short1));
        Assert.AreEqual(1, error.Capacity);
        gate.Release();
        Assert.AreEqual("b", (await running).Text);
        Assert.AreEqual("b", (await waiting).Text);
    }

    private static void Hold(SemaphoreSlim gate, bool isHeld)
    {
        if (isHeld)
            gate.Wait();
    }

    /// <summary>The cancelled request gets at most the step that was under way.</summary>
    private static async Task AssertEngineIsFree(InferenceEngine engine, FakeExecutor executor, SemaphoreSlim gate)
    {
        gate.Release(3);
        Assert.AreEqual("b", (await engine.CompleteAsync("a", new GenerationOptions { MaxTokens = 1 })).Text);
        Assert.IsLessThanOrEqualTo(4, executor.Steps);
    }
}
