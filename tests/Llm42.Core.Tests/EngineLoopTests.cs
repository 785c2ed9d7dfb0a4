using Llm42.Core.Engine;
using Llm42.Core.Execution;
using Llm42.Core.Requests;

namespace Llm42.Core.Tests;

/// <summary>The engine thread: streaming, queueing, cancellation, failures.</summary>
[TestClass]
public sealed class EngineLoopTests
{
    private static readonly EngineOptions Options = new()
    {
        Window = 8, Drafter = DrafterKind.Same, MaxSequences = 8, MaxBatchTokens = 64, CheckIntegrity = true,
    };

    [TestMethod]
    public async Task Concurrent_callers_get_their_own_canonical_answers()
    {
        await using var engine = new EngineLoop(new FakeModel { FlipOneIn = 5 }, Options);
        await Parallel.ForAsync(0, 100, async (i, cancel) =>
        {
            GenerationRequest request = Requests.Of(1 + (i % 30), 1 + (i % 60), i % 3 != 0, (ulong)i);
            RequestHandle handle = engine.Submit(request, cancel);
            List<int> tokens = [];
            await foreach (TokenEvent token in handle.Tokens.ReadAllAsync(cancel))
                tokens.Add(token.TokenId);
            RequestCompletion completion = await handle.Completion;
            Assert.AreEqual(tokens.Count, completion.CompletionTokens);
            if (request.IsDeterministic)
                CollectionAssert.AreEqual(FakeModel.CanonicalAnswer(request, request.MaxTokens), tokens, $"request {i}");
        });
    }

    [TestMethod]
    public async Task A_cancelled_request_ends_and_the_others_do_not_notice()
    {
        using var source = new CancellationTokenSource();
        var started = new TaskCompletionSource();
        var model = new FakeModel { OnExecute = _ => started.TrySetResult() };
        await using var engine = new EngineLoop(model, Options);
        RequestHandle endless = engine.Submit(Requests.Of(5, 2000, true), source.Token);
        GenerationRequest other = Requests.Of(9, 50, true, 3);
        RequestHandle bystander = engine.Submit(other);
        await started.Task;
        await source.CancelAsync();
        Assert.AreEqual(FinishReason.Cancelled, (await endless.Completion).Reason);
        RequestCompletion completion = await bystander.Completion;
        Assert.AreEqual(50, completion.CompletionTokens);
        int[] answer = await bystander.Tokens.ReadAllAsync().Select(t => t.TokenId).ToArrayAsync();
        CollectionAssert.AreEqual(FakeModel.CanonicalAnswer(other, 50), answer);
    }

    [TestMethod]
    public async Task A_full_queue_refuses_and_recovers()
    {
        using var gate = new ManualResetEventSlim();
        var model = new FakeModel { OnExecute = _ => gate.Wait() };
        await using var engine = new EngineLoop(model, Options with { MaxSequences = 1, QueueCapacity = 2 });
        List<RequestHandle> accepted = [];
        // The engine takes one out of the queue at most while the gate is shut.
        int refused = 0;
        for (int i = 0; i < 10; i++)
        {
            try
            {
                accepted.Add(engine.Submit(Requests.Of(3, 2, true)));
            }
            catch (EngineQueueFullException error)
            {
                Assert.AreEqual(2, error.Capacity);
                refused++;
            }
        }

        Assert.IsGreaterThanOrEqualTo(7, refused);
        gate.Set();
        foreach (RequestHandle handle in accepted)
            await handle.Completion;
        await engine.Submit(Requests.Of(3, 2, true)).Completion;
    }

    [TestMethod]
    public async Task An_executor_failure_reaches_the_requests_of_its_batch_and_no_others()
    {
        int failures = 1;
        var model = new FakeModel
        {
            OnExecute = _ =>
            {
                if (Interlocked.Decrement(ref failures) >= 0)
                    throw new InvalidOperationException("planted");
            },
        };
        await using var engine = new EngineLoop(model, Options);
        RequestHandle first = engine.Submit(Requests.Of(3, 5, true));
        InvalidOperationException error = await Assert.ThrowsExactlyAsync<InvalidOperationException>(() => first.Completion);
        Assert.AreEqual("planted", error.Message);
        RequestCompletion completion = await engine.Submit(Requests.Of(3, 5, true)).Completion;
        Assert.AreEqual(5, completion.CompletionTokens);
    }

    [TestMethod]
    public async Task A_failed_page_copy_ends_the_request_that_needed_it_even_before_its_first_row()
    {
        using var gate = new ManualResetEventSlim(initialState: true);
        var model = new FakeModel
        {
            OnExecute = _ => gate.Wait(),
            OnCopy = (_, _) => throw new InvalidOperationException("planted"),
        };
        // A step holds five rows: the older of two prompts takes them all, and the younger has none.
        await using var engine = new EngineLoop(
            model, Options with { Window = 1, MaxSequences = 3, MaxBatchTokens = 5, PrefillChunk = 5 });
        await engine.Submit(Requests.Of(20, 5, true)).Completion;
        gate.Reset();
        RequestHandle busy = engine.Submit(Requests.Of(1, 30, false, 9));
        RequestHandle older = engine.Submit(Requests.Of(30, 5, true, 17));
        RequestHandle younger = engine.Submit(Requests.Of(20, 5, true));
        gate.Set();
        InvalidOperationException error = await Assert.ThrowsExactlyAsync<InvalidOperationException>(() => younger.Completion);
        Assert.AreEqual("planted", error.Message, "it went on behind a page that nobody wrote");
        // Those that shared the step fail with it; nobody else does, and the engine goes on.
        await Task.WhenAll(busy.Completion, older.Completion).ContinueWith(_ => { }, TaskScheduler.Default);
        model.OnCopy = null;
        GenerationRequest again = Requests.Of(20, 5, true);
        RequestHandle warm = engine.Submit(again);
        int[] answer = await warm.Tokens.ReadAllAsync().Select(t => t.TokenId).ToArrayAsync();
        CollectionAssert.AreEqual(FakeModel.CanonicalAnswer(again, 5), answer);
    }

    [TestMethod]
    public async Task Disposal_cancels_what_runs_and_disposes_the_executor()
    {
        var model = new FakeModel();
        var engine = new EngineLoop(model, Options);
        RequestHandle handle = engine.Submit(Requests.Of(3, 2000, false));
        await engine.DisposeAsync();
        Assert.IsTrue(model.IsDisposed);
        Assert.AreEqual(FinishReason.Cancelled, (await handle.Completion).Reason);
        Assert.ThrowsExactly<ObjectDisposedException>(() => engine.Submit(Requests.Of(3, 5, true)));
        await engine.DisposeAsync();
    }

    [TestMethod]
    public async Task Bad_requests_are_refused_by_name_and_value()
    {
        await using var engine = new EngineLoop(new FakeModel(), Options);
        GenerationRequest good = Requests.Of(3, 5, true);
        (GenerationRequest Request, string Message)[] cases =
        [
            (good with { PromptIds = [] }, "no tokens"),
            (good with { PromptIds = [1, -1] }, "token 1 is -1"),
            (good with { PromptIds = [FakeModel.Vocabulary] }, "token 0 is 50"),
            (good with { MaxTokens = -1 }, "max_tokens is -1"),
            (good with { TopLogprobs = 51 }, "top_logprobs is 51"),
            (good with { Sampling = new() { Temperature = float.NaN } }, "temperature is NaN"),
            (good with { Sampling = new() { Temperature = 0.001f } }, "temperature is 0.001"),
            (good with { Sampling = new() { TopK = -2 } }, "top_k is -2"),
            (good with { Sampling = new() { TopP = 0 } }, "top_p is 0"),
            (good with { Sampling = new() { MinP = 2 } }, "min_p is 2"),
            (good with { Sampling = new() { RepetitionPenalty = 0 } }, "repetition_penalty is 0"),
            (good with { Sampling = new() { RepetitionPenalty = 10.5f } }, "repetition_penalty is 10.5"),
            (good with { Sampling = new() { RepetitionPenalty = float.NaN } }, "repetition_penalty is NaN"),
            (good with { Sampling = new() { PresencePenalty = -2.5f } }, "presence_penalty is -2.5"),
            (good with { Sampling = new() { PresencePenalty = float.NaN } }, "presence_penalty is NaN"),
            (good with { Sampling = new() { FrequencyPenalty = 2.5f } }, "frequency_penalty is 2.5"),
            (good with { Sampling = new() { FrequencyPenalty = float.NaN } }, "frequency_penalty is NaN"),
            (good with { Sampling = new() { LogitBias = Bias((3, 100.5f)) } }, "logit_bias of token 3 is 100.5"),
            (good with { Sampling = new() { LogitBias = Bias((3, float.NaN)) } }, "logit_bias of token 3 is NaN"),
            (good with { Sampling = new() { LogitBias = Bias((50, 1)) } }, "logit_bias names token 50; the vocabulary has 0..49"),
            (good with { Sampling = new() { LogitBias = Bias((-1, 1)) } }, "logit_bias names token -1"),
            (good with { Sampling = new() { LogitBias = Enumerable.Range(0, 1025).ToDictionary(i => i, _ => 1f) } }, "logit_bias has 1025 entries"),
        ];
        foreach ((GenerationRequest request, string message) in cases)
        {
            ArgumentException error = Assert.ThrowsExactly<ArgumentException>(() => engine.Submit(request));
            StringAssert.Contains(error.Message, message, StringComparison.Ordinal);
        }
    }

    private static Dictionary<int, float> Bias(params (int Token, float Bias)[] entries) =>
        entries.ToDictionary(entry => entry.Token, entry => entry.Bias);

    [TestMethod]
    public void Bad_options_are_refused_by_name_and_value()
    {
        (EngineOptions Options, string Message)[] cases =
        [
            (Options with { Window = 0 }, "Window is 0"),
            (Options with { VerifyGroup = 0 }, "VerifyGroup is 0"),
            (Options with { MaxSequences = 0 }, "MaxSequences is 0"),
            (Options with { MaxBatchTokens = 16 }, "MaxSequences + Window + 1 = 17"),
            (Options with { SkipMismatch = double.NaN }, "SkipMismatch is NaN"),
            (Options with { PrefillChunk = 0 }, "PrefillChunk is 0"),
            (Options with { QueueCapacity = 0 }, "QueueCapacity is 0"),
            (Options with { Verifier = VerifierKind.FixedShape, Drafter = DrafterKind.None }, "needs drafts"),
            (Options with { Verifier = VerifierKind.FixedShape }, "VerifyGroup x (Window + 1) = 72"),
            (Options with { Verifier = VerifierKind.FixedShape, Determinism = DeterminismMode.Off }, "Determinism is Off"),
            (Options with { Verifier = VerifierKind.FixedShape, PrefixCache = true }, "PrefixCache is True"),
            (Options with { Determinism = DeterminismMode.Dvr, Drafter = DrafterKind.None }, "Drafter is None"),
            (Options with { Determinism = DeterminismMode.Invariant }, "Drafter is Same"),
            (Options with { Determinism = DeterminismMode.Invariant, Drafter = DrafterKind.Ngram }, "Drafter is Ngram"),
            (Options with { Determinism = DeterminismMode.Invariant, Drafter = DrafterKind.Int8Weights }, "Drafter is Int8Weights"),
            (Options with { Verifier = VerifierKind.FixedShape, Drafter = DrafterKind.Int8Weights }, "drafts of fast numerics"),
            (Options with { Verifier = VerifierKind.FixedShape, Drafter = DrafterKind.Ngram }, "drafts of fast numerics"),
            (Options with { Determinism = (DeterminismMode)9 }, "Determinism is 9"),
        ];
        foreach ((EngineOptions options, string message) in cases)
        {
            ArgumentException error = Assert.ThrowsExactly<ArgumentException>(options.Validate);
            StringAssert.Contains(error.Message, message, StringComparison.Ordinal);
        }
    }

    [TestMethod]
    public async Task What_the_options_cannot_guarantee_is_refused()
    {
        await using var off = new EngineLoop(new FakeModel(), Options with { Determinism = DeterminismMode.Off, Drafter = DrafterKind.Auto });
        ArgumentException error = Assert.ThrowsExactly<ArgumentException>(() => off.Submit(Requests.Of(3, 5, true)));
        StringAssert.Contains(error.Message, "Determinism = Off", StringComparison.Ordinal);
        Assert.AreEqual(5, (await off.Submit(Requests.Of(3, 5, false)).Completion).CompletionTokens);

        await using var fixedShape = new EngineLoop(new FakeModel(), Options with { Verifier = VerifierKind.FixedShape, MaxBatchTokens = 72 });
        GenerationRequest scored = Requests.Of(3, 5, true) with { ScorePrompt = true };
        error = Assert.ThrowsExactly<ArgumentException>(() => fixedShape.Submit(scored));
        StringAssert.Contains(error.Message, "fixed-shape", StringComparison.Ordinal);
        Assert.HasCount(3, (await fixedShape.Submit(scored with { IsDeterministic = false }).Completion).PromptScores);
        // Such a prompt runs in one piece.
        error = Assert.ThrowsExactly<ArgumentException>(() => fixedShape.Submit(Requests.Of(73, 5, true)));
        StringAssert.Contains(error.Message, "one step of at most 72", StringComparison.Ordinal);
    }

    [TestMethod]
    public void The_mode_stays_automatic_only_where_there_is_a_choice()
    {
        ExecutorInfo fast = new FakeModel().Info;
        ExecutorInfo invariant = new FakeModel(fastIsInvariant: true).Info;
        Assert.AreEqual(DeterminismMode.Auto, new EngineOptions().ResolveDeterminism(fast));
        Assert.AreEqual(DeterminismMode.Invariant, new EngineOptions().ResolveDeterminism(invariant));
        Assert.AreEqual(DeterminismMode.Dvr, new EngineOptions { Verifier = VerifierKind.FixedShape }.ResolveDeterminism(fast));
        Assert.AreEqual(DeterminismMode.Dvr, new EngineOptions { Drafter = DrafterKind.Same }.ResolveDeterminism(invariant));
        Assert.AreEqual(DeterminismMode.Invariant, new EngineOptions { Drafter = DrafterKind.None }.ResolveDeterminism(fast));
        Assert.AreEqual(DeterminismMode.Off, new EngineOptions { Determinism = DeterminismMode.Off }.ResolveDeterminism(fast));
        Assert.AreEqual(DrafterKind.None, new EngineOptions { Determinism = DeterminismMode.Off }.ResolveDrafter(fast));
    }

    [TestMethod]
    public void The_automatic_drafter_follows_the_executor()
    {
        ExecutorInfo fast = new FakeModel().Info;
        ExecutorInfo invariant = new FakeModel(fastIsInvariant: true).Info;
        Assert.AreEqual(DrafterKind.Same, new EngineOptions().ResolveDrafter(fast));
        Assert.AreEqual(DrafterKind.None, new EngineOptions().ResolveDrafter(invariant));
        Assert.AreEqual(DrafterKind.Same, new EngineOptions { Verifier = VerifierKind.FixedShape }.ResolveDrafter(invariant));
        Assert.AreEqual(DrafterKind.Same, new EngineOptions { Drafter = DrafterKind.Same }.ResolveDrafter(invariant));
    }
}
