using Llm42.Core.Requests;

namespace Llm42.Tests.Engine;

/// <summary>Answers whose readers wait for all of them: their first piece comes as it is there, the rest in one piece.</summary>
[TestClass]
public sealed class WholeAnswerTests
{
    private const int Tokens = 200;

    private static readonly GenerationOptions Long = new() { MaxTokens = Tokens };

    [TestMethod]
    public async Task The_first_piece_comes_while_the_answer_is_made_and_the_rest_is_one()
    {
        using var gate = new SemaphoreSlim(0);
        await using var engine = FakeEngine.Alphabet(out var executor);
        executor.BeforeStep = step => Hold(gate, step == 1);
        await using var chunks = engine.GenerateAsync([0], Long, isWhole: true, CancellationToken.None).GetAsyncEnumerator();
        Assert.IsTrue(await chunks.MoveNextAsync());
        Assert.AreEqual("b", chunks.Current.Text);
        gate.Release();

        Assert.IsTrue(await chunks.MoveNextAsync());
        Assert.HasCount(Tokens - 1, chunks.Current.Tokens);
        CollectionAssert.AreEqual(Enumerable.Range(1, Tokens - 1).ToArray(), chunks.Current.Tokens.Select(token => token.Index).ToArray());
        Assert.IsTrue(await chunks.MoveNextAsync());
        Assert.AreEqual(FinishReason.Length, chunks.Current.FinishReason);
        Assert.IsFalse(await chunks.MoveNextAsync());
    }

    [TestMethod]
    public async Task An_answer_that_is_broken_off_tells_what_it_had()
    {
        using var gate = new SemaphoreSlim(0);
        using var held = new ManualResetEventSlim();
        using var cancellation = new CancellationTokenSource();
        await using var engine = FakeEngine.Alphabet(out var executor);
        executor.BeforeStep = step =>
        {
            if (step == 5)
                held.Set();
            Hold(gate, step is 1 or 5);
        };
        await using var chunks = engine.GenerateAsync([0], Long, isWhole: true, cancellation.Token).GetAsyncEnumerator();
        Assert.IsTrue(await chunks.MoveNextAsync());
        Assert.HasCount(1, chunks.Current.Tokens);
        gate.Release();
        held.Wait();
        var rest = chunks.MoveNextAsync();
        await cancellation.CancelAsync();
        Assert.IsTrue(await rest);
        Assert.AreEqual("cdef", chunks.Current.Text);
        await Assert.ThrowsAsync<OperationCanceledException>(async () => await chunks.MoveNextAsync());
        gate.Release();
    }

    [TestMethod]
    public async Task A_step_that_fails_ends_it_with_its_error()
    {
        await using var engine = FakeEngine.Alphabet(out var executor);
        executor.BeforeStep = step => _ = step == 5 ? throw new InvalidDataException("broken") : 0;
        var tokens = 0;
        var error = await Assert.ThrowsExactlyAsync<InvalidDataException>(async () =>
        {
            await foreach (var chunk in engine.GenerateAsync([0], Long, isWhole: true, CancellationToken.None))
                tokens += chunk.Tokens.Count;
        });
        Assert.AreEqual("broken", error.Message);
        Assert.AreEqual(5, tokens);
    }

    /// <summary>Not for ever: an engine whose test has failed is to be disposed.</summary>
    private static void Hold(SemaphoreSlim gate, bool isHeld)
    {
        if (isHeld)
            gate.Wait(TimeSpan.FromSeconds(20));
    }
}
