using System.Collections.Concurrent;
using System.Diagnostics;
using Llm42.Core.Engine;
using Llm42.Core.Observability;
using Llm42.Core.Requests;

namespace Llm42.Core.Tests.Observability;

/// <summary>The span of a request. Not in parallel: listeners hear every engine of the process.</summary>
[TestClass]
[DoNotParallelize]
public sealed class ActivityTests
{
    private static readonly int[] Script = [10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25];

    private static readonly EngineOptions Options = new()
    {
        Window = 4, Determinism = DeterminismMode.Dvr, Drafter = DrafterKind.Same, MaxSequences = 8, MaxBatchTokens = 64,
    };

    [TestMethod]
    public async Task A_span_says_what_was_asked_and_what_it_took()
    {
        using var listener = new Listener();
        await using var engine = new EngineLoop(new ScriptedModel(Script, new() { [3] = 99 }), Options, "traced");
        await engine.Submit(Requests.Of(5, 12, deterministic: true) with
        {
            Sampling = new SamplingParameters { Temperature = 0.5f, TopP = 0.75f, TopK = 9, Seed = 7 },
        }).Completion;
        Activity span = listener.Stopped.Single();
        Assert.AreEqual("text_completion", span.DisplayName);
        Assert.AreEqual(ActivityKind.Internal, span.Kind);
        Assert.AreEqual(ActivityStatusCode.Unset, span.Status);
        Dictionary<string, object?> expected = new()
        {
            ["gen_ai.operation.name"] = "text_completion",
            ["gen_ai.provider.name"] = "llm42",
            ["gen_ai.request.max_tokens"] = 12,
            ["gen_ai.request.temperature"] = 0.5,
            ["gen_ai.request.top_p"] = 0.75,
            ["gen_ai.request.top_k"] = 9.0,
            ["gen_ai.request.seed"] = 7L,
            ["gen_ai.usage.input_tokens"] = 5,
            ["gen_ai.usage.output_tokens"] = 12,
            ["llm42.engine"] = "traced",
            ["llm42.deterministic"] = true,
            ["llm42.windows"] = 3,
            ["llm42.rollbacks"] = 1,
            ["llm42.tokens_rolled_back"] = 2,
            ["llm42.cached_tokens"] = 0,
            ["llm42.preemptions"] = 0,
        };
        Dictionary<string, object?> actual = span.TagObjects.ToDictionary();
        Assert.IsTrue(actual.Remove("gen_ai.response.finish_reasons", out object? reasons));
        CollectionAssert.AreEqual(new[] { "length" }, (string[])reasons!);
        CollectionAssert.AreEquivalent(expected, actual);
        CollectionAssert.AreEqual(new[] { "llm42.first_token" }, span.Events.Select(e => e.Name).ToArray());
    }

    [TestMethod]
    public async Task A_span_is_the_callers_child_and_leaves_its_current_one_alone()
    {
        using var listener = new Listener();
        var seen = new ConcurrentQueue<Activity?>();
        Activity caller = new Activity("caller").Start();
        var model = new ScriptedModel(Script) { OnExecute = _ => seen.Enqueue(Activity.Current) };
        await using var engine = new EngineLoop(model, Options);
        RequestHandle first = engine.Submit(Requests.Of(5, 4, deterministic: true));
        Assert.AreSame(caller, Activity.Current);
        await first.Completion;
        Assert.AreSame(caller, Activity.Current);
        caller.Stop();

        RequestHandle second = engine.Submit(Requests.Of(5, 4, deterministic: true));
        Assert.IsNull(Activity.Current);
        await second.Completion;

        Activity[] spans = [.. listener.Stopped];
        Assert.AreEqual(caller.SpanId, spans[0].ParentSpanId);
        Assert.AreEqual(caller.TraceId, spans[0].TraceId);
        Assert.IsNull(spans[1].Parent);
        Assert.IsGreaterThan(4, seen.Count);
        Assert.IsTrue(seen.All(current => current is null), "the engine thread took over a caller's activity");
    }

    [TestMethod]
    public async Task Preemptions_are_events_of_the_span()
    {
        using var listener = new Listener();
        await using (var engine = new EngineLoop(new FakeModel(pages: 14) { FlipOneIn = 3 }, Options))
        {
            Task[] both =
            [
                engine.Submit(Requests.Of(10, 70, deterministic: true, 1)).Completion,
                engine.Submit(Requests.Of(11, 70, deterministic: true, 5)).Completion,
            ];
            await Task.WhenAll(both);
            Assert.IsGreaterThan(0, engine.Statistics.Preemptions);
            Assert.AreEqual(
                engine.Statistics.Preemptions,
                listener.Stopped.Sum(span => span.Events.Count(e => e.Name == "llm42.preemption")));
        }

        foreach (Activity span in listener.Stopped)
            Assert.AreEqual(span.GetTagItem("llm42.preemptions"), span.Events.Count(e => e.Name == "llm42.preemption"));
    }

    [TestMethod]
    public async Task A_failure_and_a_cancellation_end_the_span_with_an_error()
    {
        using var listener = new Listener();
        using var cancel = new CancellationTokenSource();
        int failures = 1;
        var model = new ScriptedModel(Script)
        {
            OnExecute = _ =>
            {
                if (Interlocked.Decrement(ref failures) >= 0)
                    throw new InvalidOperationException("planted");
                cancel.Cancel();
            },
        };
        await using var engine = new EngineLoop(model, Options);
        await Assert.ThrowsExactlyAsync<InvalidOperationException>(() => engine.Submit(Requests.Of(5, 4, true)).Completion);
        await engine.Submit(Requests.Of(5, 500, true), cancel.Token).Completion;
        Activity[] spans = [.. listener.Stopped];
        AssertEnded(spans[0], "error", "planted", "System.InvalidOperationException");
        AssertEnded(spans[1], "cancelled", "The request was cancelled.", "cancelled");
    }

    [TestMethod]
    public async Task Totals_are_up_to_date_before_anybody_hears_of_the_end()
    {
        using var listener = new Listener();
        await using var engine = new EngineLoop(new ScriptedModel(Script), Options);
        EngineStatistics? atEnd = null;
        listener.OnStopped = () => atEnd = engine.Statistics;
        await engine.Submit(Requests.Of(5, 12, deterministic: true)).Completion;
        Assert.AreEqual(1, atEnd!.RequestsAtLength);
        Assert.AreEqual(12, atEnd.DeterministicTokens);
        Assert.AreEqual(new EngineLoad(Running: 0, Waiting: 0, FreePages: 62, CachedPages: 2, OwnedPages: 0), atEnd.Load);
    }

    [TestMethod]
    public async Task A_listener_that_throws_costs_nobody_an_answer()
    {
        using var listener = new Listener { OnStopped = () => throw new InvalidOperationException("planted") };
        await using var engine = new EngineLoop(new ScriptedModel(Script), Options);
        for (int time = 0; time < 2; time++)
            Assert.AreEqual(12, (await engine.Submit(Requests.Of(5, 12, deterministic: true)).Completion).CompletionTokens);
        Assert.HasCount(2, listener.Stopped);
    }

    [TestMethod]
    public async Task The_end_of_the_engine_and_a_refusal_end_the_span_too()
    {
        using var listener = new Listener();
        using var gate = new ManualResetEventSlim();
        var engine = new EngineLoop(
            new ScriptedModel(Script) { OnExecute = _ => gate.Wait() }, Options with { QueueCapacity = 1, MaxSequences = 1 });
        int accepted = 0, refused = 0;
        while (refused == 0)
        {
            try
            {
                engine.Submit(Requests.Of(5, 500, true));
                accepted++;
            }
            catch (EngineQueueFullException)
            {
                refused++;
            }
        }

        Assert.AreEqual(typeof(EngineQueueFullException).FullName, listener.Stopped.Single().GetTagItem("error.type"));
        ValueTask disposal = engine.DisposeAsync();
        gate.Set();
        await disposal;
        Assert.ThrowsExactly<ObjectDisposedException>(() => engine.Submit(Requests.Of(5, 4, true)));
        Assert.HasCount(accepted + 2, listener.Stopped);
        Assert.AreEqual(listener.Started, listener.Stopped.Count);
    }

    [TestMethod]
    public async Task Nobody_listens_and_no_span_is_made()
    {
        Assert.IsNull(RequestActivity.Start(Requests.Of(5, 4, true), "x"));
        GenerationRequest request = Requests.Of(5, 4, true);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
            RequestActivity.Start(request, "x");
        Assert.AreEqual(0, GC.GetAllocatedBytesForCurrentThread() - before);
        await using var engine = new EngineLoop(new ScriptedModel(Script), Options);
        Assert.AreEqual(4, (await engine.Submit(request).Completion).CompletionTokens);
    }

    private static void AssertEnded(Activity span, string reason, string description, string errorType)
    {
        CollectionAssert.AreEqual(new[] { reason }, (string[])span.GetTagItem("gen_ai.response.finish_reasons")!);
        Assert.AreEqual(ActivityStatusCode.Error, span.Status);
        Assert.AreEqual(description, span.StatusDescription);
        Assert.AreEqual(errorType, span.GetTagItem("error.type"));
    }

    /// <summary>Hears every span of the source.</summary>
    private sealed class Listener : IDisposable
    {
        private readonly ActivityListener _listener;
        private int _started;

        public Listener()
        {
            _listener = new ActivityListener
            {
                ShouldListenTo = source => source.Name == RequestActivity.SourceName,
                Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
                ActivityStarted = _ => Interlocked.Increment(ref _started),
                ActivityStopped = activity =>
                {
                    Stopped.Enqueue(activity);
                    OnStopped?.Invoke();
                },
            };
            ActivitySource.AddActivityListener(_listener);
        }

        public int Started => _started;

        public Action? OnStopped { get; set; }

        public ConcurrentQueue<Activity> Stopped { get; } = new();

        public void Dispose() => _listener.Dispose();
    }
}
