using Llm42.Core.Engine;
using Llm42.Core.Scheduling;
using Llm42.Native;

namespace Llm42.Determinism.Tests;

/// <summary>
/// A call on the device fails somewhere in a run of several requests: the requests of that step end with the error, the
/// others do not notice, nothing that the step left behind is ever read, and no page is lost.
/// </summary>
[TestClass]
public sealed class FaultTests
{
    private const int Stride = 61;
    private const int CallsToAttention = 8;
    private const int CallsBehindLayers = 7;

    /// <summary>All that one run calls: the test is worth nothing where the failing calls do not hit each.</summary>
    private static readonly string[] Functions =
    [
        "llm42_buffer_upload", "llm42_buffer_download", "llm42_kv_cache_copy_page", "llm42_embedding", "llm42_rms_norm",
        "llm42_linear", "llm42_rope_write_kv", "llm42_attention", "llm42_gather_rows", "llm42_sample", "llm42_top_logprobs",
    ];

    /// <summary>
    /// Prompts that begin alike, on pages of 8 positions: the later ones adopt full pages and copy a part. Four run at
    /// once, so that some wait and find what others left; the fifth is an ordinary neighbour.
    /// </summary>
    private static readonly (int[] Prompt, GenerationOptions Options)[] Requests =
    [
        (Prompt(30, 30), Options(0, 20)),
        (Prompt(21, 40), Options(0.8f, 12)),
        (Prompt(30, 30), Options(0.8f, 9) with { TopLogprobs = 3 }),
        (Prompt(13, 19), Options(0, 25)),
        (Prompt(21, 33), Options(0.8f, 15) with { IsDeterministic = false }),
        (Prompt(27, 60), Options(0, 10) with { TopLogprobs = 5 }),
        (Prompt(21, 40), Options(0.8f, 12)),
    ];

    private static readonly InferenceEngineOptions Engine = new()
    {
        Threads = 1,
        PlannedThreads = 64,
        PageSize = 8,
        KvPages = 192,
        Engine = new EngineOptions
        {
            Determinism = DeterminismMode.Dvr,
            Drafter = DrafterKind.Same,
            Window = 4,
            PrefillChunk = 16,
            MaxSequences = 4,
            CheckIntegrity = true,
        },
    };

    private static Answer[] _alone = [];

    [ClassInitialize]
    public static async Task AnswerAlone(TestContext context)
    {
        await using InferenceEngine engine = await InferenceEngine.LoadAsync(
            TestModels.Demo,
            new InferenceEngineOptions { Threads = 1, Engine = new EngineOptions { Drafter = DrafterKind.None, PrefixCache = false } },
            cancellationToken: context.CancellationToken);
        List<Answer> answers = [];
        foreach ((int[] prompt, GenerationOptions options) in Requests)
            answers.Add(Answer.Of(await engine.CompleteAsync(prompt, options, context.CancellationToken)));
        _alone = [.. answers];
    }

    [TestMethod]
    public async Task A_failed_call_ends_the_requests_of_its_step_and_nothing_else()
    {
        List<RecordingExecutor.Step> steps = (await RunAsync(failCall: 0, expectedFailures: new HashSet<long>(), "no fault", []))[1..];
        Assert.IsTrue(steps.Exists(step => step.Copies > 0), "no page was copied");
        foreach (SegmentKind kind in Enum.GetValues<SegmentKind>())
            Assert.IsTrue(steps.Exists(step => step.Kinds.Contains(kind)), $"no step had a {kind} segment");

        // Every so many calls one; the copies; and both ends of some steps, where every call is of another kind.
        var calls = new SortedSet<long>(steps.Where(step => step.Copies > 0).SelectMany(
            step => new[] { step.FirstCall, step.FirstCall + step.Copies - 1, step.FirstCall + step.Copies + 1, step.LastCall }));
        for (long call = steps[0].FirstCall; call <= steps[^1].LastCall; call += Stride)
            calls.Add(call);
        foreach (SegmentKind kind in Enum.GetValues<SegmentKind>())
        {
            RecordingExecutor.Step step = steps.Last(step => step.Kinds.Contains(kind));
            for (long call = step.FirstCall; call < step.FirstCall + CallsToAttention; call++)
                calls.Add(call);
            for (long call = step.LastCall - CallsBehindLayers; call <= step.LastCall; call++)
                calls.Add(call);
        }

        HashSet<string> hit = [];
        foreach (long call in calls)
        {
            RecordingExecutor.Step step = steps.Single(s => s.FirstCall <= call && call <= s.LastCall);
            await RunAsync(call, step.Sequences, $"call {call}", hit);
        }

        CollectionAssert.AreEquivalent(Functions, hit.ToArray(), $"hit: {string.Join(", ", hit)}");
    }

    /// <summary>Runs all requests with one call failing, then again without, and returns the steps of the first round.</summary>
    private static async Task<List<RecordingExecutor.Step>> RunAsync(
        long failCall, IReadOnlySet<long> expectedFailures, string context, HashSet<string> hit)
    {
        InferenceEngineOptions options = Engine with { FailCall = failCall };
        LoadedModel model = EngineLoader.Load(TestModels.Demo, options, null, CancellationToken.None);
        var executor = new RecordingExecutor(model.Executor);
        var engine = new InferenceEngine(model with { Executor = executor }, options.Engine);
        List<RecordingExecutor.Step> steps;
        await using (engine)
        {
            // While the step of this one is held, all the others arrive.
            Task<GenerationResult> first = engine.CompleteAsync([5], new GenerationOptions { MaxTokens = 1 });
            await executor.Entered;
            Task<GenerationResult>[] running = [.. Requests.Select(r => engine.CompleteAsync(r.Prompt, r.Options))];
            executor.Start();
            await first;
            for (int i = 0; i < running.Length; i++)
            {
                if (!expectedFailures.Contains(1 + i))
                {
                    Check(i, await running[i], context);
                    continue;
                }

                NativeException error = await Assert.ThrowsExactlyAsync<NativeException>(() => running[i], $"{context}, request {i}");
                Assert.AreEqual(Status.Internal, error.Status, context);
                StringAssert.Contains(error.Message, $"call {failCall} on this device", StringComparison.Ordinal, context);
                hit.Add(error.Message[..error.Message.IndexOf(':', StringComparison.Ordinal)]);
            }

            steps = [.. executor.Steps];

            // Whatever the failed step wrote, or did not write, must not be found by those who begin alike.
            GenerationResult[] again = await Task.WhenAll(Requests.Select(r => engine.CompleteAsync(r.Prompt, r.Options)));
            for (int i = 0; i < again.Length; i++)
                Check(i, again[i], $"{context}, afterwards");
        }

        Scheduler scheduler = engine.Loop.Scheduler;
        Assert.IsEmpty(scheduler.Running, context);
        Assert.IsEmpty(scheduler.Waiting, context);
        scheduler.CheckIntegrity();
        Assert.AreEqual(scheduler.Pool.PageCount, scheduler.Pool.AvailableCount, $"{context}: pages are lost");
        return steps;
    }

    private static void Check(int request, GenerationResult result, string context)
    {
        if (Requests[request].Options.IsDeterministic)
            _alone[request].AssertSame(Answer.Of(result), $"{context}, request {request}");
    }

    /// <summary>The first <paramref name="common"/> tokens are those of all prompts.</summary>
    private static int[] Prompt(int common, int length) =>
        [.. Enumerable.Range(0, length).Select(i => 2 + (((i * 37) + (i < common ? 0 : length)) % 2000))];

    private static GenerationOptions Options(float temperature, int maxTokens) => new()
    {
        MaxTokens = maxTokens, Temperature = temperature, Seed = 42, IsDeterministic = true, IgnoreEos = true,
    };
}
