using Llm42.Core.Engine;
using Llm42.Core.Requests;

namespace Llm42.Tests.Engine;

/// <summary>More than one answer to a prompt.</summary>
[TestClass]
public sealed class SeveralAnswersTests
{
    private static readonly GenerationOptions Long = new() { MaxTokens = 900, N = 3 };

    public required TestContext TestContext { get; init; }

    [TestMethod]
    public async Task Answer_i_is_that_of_seed_plus_i_alone()
    {
        await using var engine = await Stories.LoadAsync(new InferenceEngineOptions
        {
            Threads = 1,
            PlannedThreads = 32,
            Engine = new EngineOptions { Window = 8, Drafter = DrafterKind.Same, SkipMismatch = 50, CheckIntegrity = true },
        });
        var options = new GenerationOptions
        {
            Temperature = 1,
            Seed = ulong.MaxValue - 1,
            MaxTokens = 50,
            IsDeterministic = true,
            FrequencyPenalty = 0.2f,
            TopLogprobs = 2,
            Stop = ["day"],
        };
        var together = await engine.CompleteAllAsync(Stories.Prompt, options with { N = 5 });
        Assert.HasCount(5, together);
        for (var i = 0; i < 5; i++)
        {
            var alone = await engine.CompleteAsync(Stories.Prompt, options with { Seed = unchecked(options.Seed + (ulong)i) });
            Assert.AreEqual(Key(alone), Key(together[i]), $"answer {i}");
            Assert.AreEqual(alone.Text, together[i].Text, $"answer {i}");
            Assert.AreEqual(alone.FinishReason, together[i].FinishReason, $"answer {i}");
        }
        Assert.HasCount(5, together.Select(Key).Distinct().ToArray());
    }

    [TestMethod]
    public async Task The_pieces_of_each_answer_are_its_whole()
    {
        await using var engine = await Stories.LoadAsync();
        var options = new GenerationOptions { Temperature = 1, Seed = 7, MaxTokens = 40, IsDeterministic = true, N = 4 };
        var whole = await engine.CompleteAllAsync(Stories.Prompt, options);
        var chunks = new List<GenerationChunk>();
        await foreach (var chunk in engine.GenerateAsync(Stories.Prompt, options))
            chunks.Add(chunk);
        for (var i = 0; i < 4; i++)
        {
            var own = chunks.FindAll(chunk => chunk.Index == i);
            Assert.AreEqual(whole[i].Text, string.Concat(own.Select(chunk => chunk.Text)), $"answer {i}");
            CollectionAssert.AreEqual(whole[i].TokenIds.ToArray(), own.SelectMany(chunk => chunk.TokenIds).ToArray(), $"answer {i}");
            Assert.AreEqual(whole[i].FinishReason, own[^1].FinishReason, $"answer {i}");
            Assert.IsTrue(own[..^1].TrueForAll(chunk => chunk.FinishReason is null), $"answer {i}");
        }
        Assert.IsTrue(chunks.TrueForAll(chunk => chunk.Index is >= 0 and < 4));
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task Pieces_of_all_answers_come_while_none_has_ended()
    {
        using var gate = new SemaphoreSlim(0);
        await using var engine = FakeEngine.Alphabet(out var executor);
        executor.BeforeStep = step => Hold(gate, step == 4);
        var seen = new HashSet<int>();
        try
        {
            await foreach (var chunk in engine.GenerateAsync("a", Long, TestContext.CancellationToken))
            {
                Assert.IsNull(chunk.FinishReason);
                seen.Add(chunk.Index);
                if (seen.Count == 3)
                    break;
            }
        }
        finally
        {
            gate.Release();
        }
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task Leaving_the_enumeration_ends_all_of_them()
    {
        using var gate = new SemaphoreSlim(0);
        await using var engine = FakeEngine.Alphabet(out var executor, new EngineOptions { MaxSequences = 3 });
        executor.BeforeStep = step => Hold(gate, step < 3);
        gate.Release();
        await foreach (var chunk in engine.GenerateAsync("a", Long))
            break;
        await AssertEngineIsFree(engine, executor, gate);
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task Cancelling_the_token_ends_all_of_them()
    {
        using var gate = new SemaphoreSlim(0);
        using var cancellation = new CancellationTokenSource();
        await using var engine = FakeEngine.Alphabet(out var executor, new EngineOptions { MaxSequences = 3 });
        executor.BeforeStep = step => Hold(gate, step < 3);
        gate.Release();
        await using var chunks = engine.GenerateAsync("a", Long).GetAsyncEnumerator(cancellation.Token);
        Assert.IsTrue(await chunks.MoveNextAsync());
        await cancellation.CancelAsync();
        await Assert.ThrowsAsync<OperationCanceledException>(async () =>
        {
            while (await chunks.MoveNextAsync())
            {
            }
        });
        await AssertEngineIsFree(engine, executor, gate);
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task Where_one_is_refused_the_others_are_cancelled()
    {
        using var gate = new SemaphoreSlim(0);
        using var entered = new ManualResetEventSlim();
        await using var engine = FakeEngine.Alphabet(out var executor, new EngineOptions { QueueCapacity = 2, MaxSequences = 1 });
        executor.BeforeStep = step =>
        {
            entered.Set();
            Hold(gate, step < 1);
        };
        var running = engine.CompleteAsync("a", new GenerationOptions { MaxTokens = 1 });
        entered.Wait();
        // Two find room in the queue, the third does not.
        var error = await Assert.ThrowsExactlyAsync<EngineQueueFullException>(() => engine.CompleteAllAsync("a", Long));
        Assert.AreEqual(2, error.Capacity);
        gate.Release();
        Assert.AreEqual("b", (await running).Text);
        Assert.AreEqual("b", (await engine.CompleteAsync("a", new GenerationOptions { MaxTokens = 1 })).Text);
        Assert.AreEqual(2, executor.Steps);
    }

    [TestMethod]
    public async Task An_error_reaches_the_caller_and_the_engine_goes_on()
    {
        await using var engine = FakeEngine.Alphabet(out var executor);
        executor.BeforeStep = step => _ = step == 2 ? throw new InvalidDataException("broken") : 0;
        var error = await Assert.ThrowsExactlyAsync<InvalidDataException>(() => engine.CompleteAllAsync("a", Long));
        Assert.AreEqual("broken", error.Message);
        Assert.AreEqual("b", (await engine.CompleteAsync("a", new GenerationOptions { MaxTokens = 1 })).Text);
    }

    [TestMethod]
    [Timeout(60_000, CooperativeCancellation = true)]
    public async Task Disposing_the_engine_ends_each_of_them()
    {
        using var gate = new SemaphoreSlim(0);
        var engine = FakeEngine.Alphabet(out var executor);
        executor.BeforeStep = step => Hold(gate, step == 4);
        await using var chunks = engine.GenerateAsync("a", Long).GetAsyncEnumerator(CancellationToken.None);
        Assert.IsTrue(await chunks.MoveNextAsync());
        var disposal = engine.DisposeAsync();
        gate.Release();
        await disposal;
        var reasons = new FinishReason?[3];
        do
            reasons[chunks.Current.Index] ??= chunks.Current.FinishReason;
        while (await chunks.MoveNextAsync());
        CollectionAssert.AreEqual(Enumerable.Repeat<FinishReason?>(FinishReason.Cancelled, 3).ToArray(), reasons);
    }

    [TestMethod]
    public async Task More_answers_than_run_at_once_all_come()
    {
        await using var engine = FakeEngine.Alphabet(out _, new EngineOptions { MaxSequences = 2 });
        var results = await engine.CompleteAllAsync("a", new GenerationOptions { MaxTokens = 4, N = GenerationOptions.MaxN });
        Assert.HasCount(GenerationOptions.MaxN, results);
        Assert.IsTrue(results.All(result => result.Text == "bcde" && result.Usage.CompletionTokens == 4));
    }

    /// <summary>Holds a step up; where the test runs out of time, the step fails and all that wait for it with it.</summary>
    private void Hold(SemaphoreSlim gate, bool isHeld)
    {
        if (isHeld)
            gate.Wait(TestContext.CancellationToken);
    }

    /// <summary>The cancelled requests get at most the steps that were under way.</summary>
    private static async Task AssertEngineIsFree(InferenceEngine engine, FakeExecutor executor, SemaphoreSlim gate)
    {
        gate.Release(3);
        Assert.AreEqual("b", (await engine.CompleteAsync("a", new GenerationOptions { MaxTokens = 1 })).Text);
        Assert.IsLessThanOrEqualTo(5, executor.Steps);
    }

    private static string Key(GenerationResult result) => string.Join(" ", result.Tokens.Select(token =>
        $"{token.TokenId}:{BitConverter.SingleToInt32Bits(token.Logprob):x8}:{string.Join(",", token.Top ?? [])}"));
}
