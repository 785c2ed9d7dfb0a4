using System.Diagnostics.Metrics;
using System.Globalization;
using Llm42.Core.Engine;
using Llm42.Core.Observability;
using Llm42.Core.Requests;

namespace Llm42.Core.Tests.Observability;

/// <summary>What an engine counts and measures, against runs whose windows and rollbacks are known.</summary>
[TestClass]
public sealed class MetricsTests
{
    private static readonly int[] Script = [10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25];

    private static readonly EngineOptions Options = new()
    {
        Window = 4, Determinism = DeterminismMode.Dvr, Drafter = DrafterKind.Same, MaxSequences = 8, MaxBatchTokens = 64,
        CheckIntegrity = true,
    };

    /// <summary>
    /// One request of 5 prompt and 12 answer tokens, the draft of token 3 being wrong. Prefill commits token 0; of the
    /// drafts 1..4 two are accepted and token 3 corrected; of 4..7 all, with bonus 8; of 9 and 10 both, with bonus 11.
    /// </summary>
    private static readonly EngineStatistics OneRequest = new()
    {
        PromptTokens = 5,
        DeterministicTokens = 12,
        VerificationWindows = 3,
        VerifyRows = 5 + 5 + 3,
        Rollbacks = 1,
        TokensRolledBack = 2,
        TokensDrafted = 10,
        TokensAccepted = 8,
        BonusTokens = 2,
        RequestsAtLength = 1,
        FastSteps = 10,
        InvariantSteps = 4,
    };

    public TestContext TestContext { get; set; } = null!;

    private string EngineName => TestContext.TestName!;

    [TestMethod]
    public async Task A_scripted_run_gives_exactly_its_totals()
    {
        await using EngineLoop engine = Scripted();
        RequestCompletion completion = await engine.Submit(Request()).Completion;
        Assert.AreEqual(OneRequest, engine.Statistics with { Load = default });
        Assert.AreEqual(2.0 / 12, engine.Statistics.RecomputedShare);
        Assert.AreEqual(1, engine.Statistics.Requests);
        Assert.AreEqual(2, completion.Statistics.BonusTokens);
        Assert.AreEqual(13, completion.Statistics.VerifyRows);
    }

    [TestMethod]
    public async Task A_scripted_run_gives_exactly_its_metrics()
    {
        using var collector = new MetricsCollector(EngineName);
        await using EngineLoop engine = Scripted();
        await engine.Submit(Request()).Completion;
        await engine.Submit(Request() with { IsDeterministic = false, MaxTokens = 3, StopTokenIds = new HashSet<int> { 11 } }).Completion;
        // The first leaves two full pages; the prompt of the second begins one of them, and its last token must run.
        Dictionary<string, double> expected = new()
        {
            ["llm42.tokens.prompt"] = 10,
            ["llm42.tokens.cached"] = 4,
            ["llm42.tokens.committed llm42.deterministic=False"] = 2,
            ["llm42.tokens.committed llm42.deterministic=True"] = 12,
            ["llm42.tokens.drafted"] = 10,
            ["llm42.tokens.accepted"] = 8,
            ["llm42.tokens.bonus"] = 2,
            ["llm42.tokens.rolled_back"] = 2,
            ["llm42.tokens.recomputed_share"] = 2.0 / 12,
            ["llm42.verify.windows"] = 3,
            ["llm42.verify.rows"] = 13,
            ["llm42.verify.rollbacks"] = 1,
            ["llm42.preemptions"] = 0,
            ["llm42.requests llm42.finish_reason=stop"] = 1,
            ["llm42.requests llm42.finish_reason=length"] = 1,
            ["llm42.requests llm42.finish_reason=cancelled"] = 0,
            ["llm42.requests llm42.finish_reason=error"] = 0,
            ["llm42.steps llm42.numerics=fast"] = 11,
            ["llm42.steps llm42.numerics=invariant"] = 5,
            ["llm42.sequences llm42.state=running"] = 0,
            ["llm42.sequences llm42.state=waiting"] = 0,
            ["llm42.kv.pages llm42.state=free"] = 62,
            ["llm42.kv.pages llm42.state=cached"] = 2,
            ["llm42.kv.pages llm42.state=owned"] = 0,
        };
        AssertSame(expected, collector.Observe());
    }

    [TestMethod]
    public async Task Durations_are_those_of_the_clock()
    {
        using var collector = new MetricsCollector(EngineName);
        using var gate = new ManualResetEventSlim();
        var clock = new ManualClock();
        // Each step takes 10 ms; the second request waits for the first to end.
        await using EngineLoop engine = Scripted(
            Options with { MaxSequences = 1 }, clock,
            () =>
            {
                gate.Wait();
                clock.Advance(10);
            });
        RequestHandle[] handles = [engine.Submit(Request()), engine.Submit(Request() with { MaxTokens = 1 })];
        gate.Set();
        foreach (RequestHandle handle in handles)
            await handle.Completion;

        CollectionAssert.AreEqual(Seconds(0, 140), collector.Recorded("llm42.request.queue_time"));
        CollectionAssert.AreEqual(Seconds(10, 150), collector.Recorded("llm42.request.time_to_first_token"));
        // Windows of 4, 4 and 2 drafts, each with its verify pass: 3, 5 and 3 tokens at once.
        CollectionAssert.AreEqual(
            Seconds(50, 0, 0, 50, 0, 0, 0, 0, 30, 0, 0), collector.Recorded("llm42.request.time_between_tokens"));
        CollectionAssert.AreEqual(
            Seconds([.. Enumerable.Repeat(10, 10)]), collector.Recorded("llm42.step.duration llm42.numerics=fast"));
        CollectionAssert.AreEqual(
            Seconds([.. Enumerable.Repeat(10, 5)]), collector.Recorded("llm42.step.duration llm42.numerics=invariant"));
    }

    [TestMethod]
    public async Task The_clock_is_looked_at_once_a_request_while_nobody_listens()
    {
        var clock = new ManualClock();
        await using EngineLoop engine = Scripted(clock: clock);
        await engine.Submit(Request()).Completion;
        await engine.Submit(Request()).Completion;
        Assert.AreEqual(28, engine.Statistics.FastSteps + engine.Statistics.InvariantSteps);
        Assert.AreEqual(2, clock.Looks);
    }

    [TestMethod]
    public async Task A_listener_that_comes_in_the_middle_measures_from_there_on()
    {
        var clock = new ManualClock();
        MetricsCollector? collector = null;
        int steps = 0;
        await using EngineLoop engine = Scripted(clock: clock, beforeStep: () =>
        {
            clock.Advance(10);
            if (++steps == 8)
                collector = new MetricsCollector(EngineName);
        });
        await engine.Submit(Request()).Completion;
        // The eighth step began unseen. The window that it belongs to ends with the eleventh.
        Assert.HasCount(6, collector!.Recorded("llm42.step.duration llm42.numerics=fast").Concat(
            collector.Recorded("llm42.step.duration llm42.numerics=invariant")));
        Assert.IsEmpty(collector.Recorded("llm42.request.time_to_first_token"));
        CollectionAssert.AreEqual(
            Seconds(0, 0, 0, 0, 30, 0, 0), collector.Recorded("llm42.request.time_between_tokens"),
            "nobody saw when the tokens before these were committed");
        collector.Dispose();
    }

    [TestMethod]
    public async Task Gauges_show_who_runs_and_who_waits()
    {
        using var collector = new MetricsCollector(EngineName);
        using var step = new SemaphoreSlim(0);
        using var reached = new SemaphoreSlim(0);
        await using EngineLoop engine = Scripted(Options with { MaxSequences = 2 }, beforeStep: () =>
        {
            reached.Release();
            step.Wait();
        });
        RequestHandle first = engine.Submit(Request());
        await reached.WaitAsync();
        RequestHandle[] others = [engine.Submit(Request()), engine.Submit(Request()), engine.Submit(Request())];
        step.Release();
        await reached.WaitAsync();
        IReadOnlyDictionary<string, double> seen = collector.Observe();
        Assert.AreEqual(2, seen["llm42.sequences llm42.state=running"]);
        Assert.AreEqual(2, seen["llm42.sequences llm42.state=waiting"]);
        Assert.AreEqual(2, seen["llm42.kv.pages llm42.state=owned"]);
        Assert.AreEqual(62, seen["llm42.kv.pages llm42.state=free"]);
        Assert.AreEqual(new EngineLoad(2, 2, 62, 0, 2), engine.Statistics.Load);
        step.Release(1000);
        await Task.WhenAll([first.Completion, .. others.Select(handle => handle.Completion)]);
        Assert.AreEqual(0, engine.Statistics.Load.Running + engine.Statistics.Load.Waiting + engine.Statistics.Load.OwnedPages);
    }

    [TestMethod]
    public async Task A_reset_begins_at_zero_and_the_counters_go_on()
    {
        using var collector = new MetricsCollector(EngineName);
        await using EngineLoop engine = Scripted();
        await engine.Submit(Request()).Completion;
        engine.ResetStatistics();
        Assert.AreEqual(new EngineStatistics(), engine.Statistics with { Load = default });
        Assert.AreEqual(1, collector.Observe()["llm42.verify.rollbacks"]);
        await engine.Submit(Request()).Completion;
        Assert.AreEqual(OneRequest with { CachedTokens = 4 }, engine.Statistics with { Load = default }, "the page of the first is still there");
        Assert.AreEqual(2, collector.Observe()["llm42.verify.rollbacks"]);
    }

    [TestMethod]
    public async Task Two_engines_are_told_apart_and_one_ends_without_the_other()
    {
        string other = EngineName + " 2";
        using var collector = new MetricsCollector(EngineName);
        using var otherCollector = new MetricsCollector(other);
        var engine = Scripted();
        await using EngineLoop otherEngine = new(new ScriptedModel(Script), Options, other);
        await engine.Submit(Request()).Completion;
        await otherEngine.Submit(Request()).Completion;
        await otherEngine.Submit(Request()).Completion;
        Assert.AreEqual(1, collector.Observe()["llm42.requests llm42.finish_reason=length"]);
        Assert.AreEqual(1, collector.Observe()["llm42.verify.rollbacks"]);
        await engine.DisposeAsync();
        Assert.IsEmpty(collector.Units, "its instruments are still open");
        Assert.IsEmpty(collector.Observe());
        Assert.AreEqual(OneRequest, engine.Statistics with { Load = default }, "its totals can still be read");
        Assert.AreEqual(2, otherCollector.Observe()["llm42.requests llm42.finish_reason=length"]);
        Assert.AreEqual(0, otherCollector.Observe()["llm42.verify.rollbacks"]);
    }

    [TestMethod]
    public async Task Engines_without_a_name_are_numbered()
    {
        await using var first = new EngineLoop(new ScriptedModel(Script), Options);
        await using var second = new EngineLoop(new ScriptedModel(Script), Options);
        Assert.AreNotEqual(int.Parse(first.Name, CultureInfo.InvariantCulture), int.Parse(second.Name, CultureInfo.InvariantCulture));
        using var collector = new MetricsCollector(second.Name);
        await second.Submit(Request()).Completion;
        Assert.AreEqual(5, collector.Observe()["llm42.tokens.prompt"]);
    }

    [TestMethod]
    public async Task A_listener_that_throws_costs_nobody_an_answer()
    {
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == EngineInstruments.MeterName && instrument.Meter.Tags!.Single().Value as string == EngineName)
                    listener.EnableMeasurementEvents(instrument);
            },
        };
        int calls = 0;
        listener.SetMeasurementEventCallback<double>((_, _, _, _) =>
        {
            calls++;
            throw new InvalidOperationException("planted");
        });
        listener.Start();
        await using EngineLoop engine = Scripted();
        Assert.AreEqual(12, (await engine.Submit(Request()).Completion).CompletionTokens);
        Assert.AreEqual(14 + 1 + 1 + 11, calls, "steps, queue time, first token, further tokens");
    }

    [TestMethod]
    public async Task Units_are_those_of_UCUM()
    {
        using var collector = new MetricsCollector(EngineName);
        await using EngineLoop engine = Scripted();
        foreach ((string name, string? unit) in collector.Units)
        {
            StringAssert.StartsWith(name, "llm42.", StringComparison.Ordinal);
            Assert.IsTrue(unit is "s" or "1" || (unit![0] == '{' && unit[^1] == '}'), $"{name} is in {unit}");
        }

        Assert.HasCount(20, collector.Units);
    }

    [TestMethod]
    public async Task Failures_and_cancellations_are_counted_by_their_reason()
    {
        using var collector = new MetricsCollector(EngineName);
        int failures = 1;
        using var cancel = new CancellationTokenSource();
        await using EngineLoop engine = Scripted(beforeStep: () =>
        {
            if (Interlocked.Decrement(ref failures) >= 0)
                throw new InvalidOperationException("planted");
            cancel.Cancel();
        });
        await Assert.ThrowsExactlyAsync<InvalidOperationException>(() => engine.Submit(Request()).Completion);
        await engine.Submit(Request() with { MaxTokens = 500 }, cancel.Token).Completion;
        IReadOnlyDictionary<string, double> seen = collector.Observe();
        Assert.AreEqual(1, seen["llm42.requests llm42.finish_reason=error"]);
        Assert.AreEqual(1, seen["llm42.requests llm42.finish_reason=cancelled"]);
        Assert.AreEqual(0, seen["llm42.requests llm42.finish_reason=length"]);
        Assert.AreEqual(2, engine.Statistics.Requests);
    }

    [TestMethod]
    public async Task A_prefix_hit_is_counted()
    {
        await using var engine = new EngineLoop(new FakeModel(), Options, EngineName);
        GenerationRequest request = Requests.Of(21, 5, deterministic: true);
        await engine.Submit(request).Completion;
        Assert.AreEqual(0, engine.Statistics.CachedTokens);
        await engine.Submit(request).Completion;
        Assert.AreEqual(20, engine.Statistics.CachedTokens);
        Assert.AreEqual(42, engine.Statistics.PromptTokens);
        Assert.IsGreaterThan(0, engine.Statistics.Load.CachedPages);
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(3)]
    public async Task Totals_are_the_sums_over_the_requests(int seed)
    {
        // Few pages, so that requests preempt each other, and prompts that begin alike.
        var random = new Random(seed);
        await using var engine = new EngineLoop(
            new FakeModel(pages: 20) { FlipOneIn = 3 }, Options with { PrefillChunk = 7 }, EngineName);
        List<(GenerationRequest Request, RequestCompletion Completion)> all = [];
        for (int round = 0; round < 5; round++)
        {
            List<(GenerationRequest Request, RequestHandle Handle)> running = [];
            for (int i = 0; i < 12; i++)
            {
                GenerationRequest request = Requests.Of(
                    random.Next(1, 40), random.Next(1, 60), random.Next(3) > 0, (ulong)random.Next(3), random.Next(FakeModel.Vocabulary));
                running.Add((request, engine.Submit(request)));
                if (random.Next(5) == 0)
                    running[^1].Handle.Cancel();
            }

            foreach ((GenerationRequest request, RequestHandle handle) in running)
                all.Add((request, await handle.Completion));
        }

        EngineStatistics expected = new()
        {
            PromptTokens = Sum(c => c.PromptTokens),
            CachedTokens = Sum(c => c.Statistics.CachedTokens),
            OrdinaryTokens = all.Where(pair => !pair.Request.IsDeterministic).Sum(pair => pair.Completion.CompletionTokens),
            DeterministicTokens = all.Where(pair => pair.Request.IsDeterministic).Sum(pair => pair.Completion.CompletionTokens),
            VerificationWindows = Sum(c => c.Statistics.VerificationWindows),
            VerifyRows = Sum(c => c.Statistics.VerifyRows),
            Rollbacks = Sum(c => c.Statistics.Rollbacks),
            TokensRolledBack = Sum(c => c.Statistics.TokensRolledBack),
            TokensDrafted = Sum(c => c.Statistics.TokensDrafted),
            TokensAccepted = Sum(c => c.Statistics.TokensAccepted),
            BonusTokens = Sum(c => c.Statistics.BonusTokens),
            Preemptions = Sum(c => c.Statistics.Preemptions),
            RequestsStopped = Sum(c => c.Reason == FinishReason.Stop ? 1 : 0),
            RequestsAtLength = Sum(c => c.Reason == FinishReason.Length ? 1 : 0),
            RequestsCancelled = Sum(c => c.Reason == FinishReason.Cancelled ? 1 : 0),
        };
        EngineStatistics actual = engine.Statistics with { FastSteps = 0, InvariantSteps = 0, Load = default };
        Assert.AreEqual(expected, actual, $"seed {seed}");
        Assert.IsGreaterThan(0, actual.Preemptions, $"seed {seed}");
        Assert.IsGreaterThan(0, actual.Rollbacks, $"seed {seed}");
        Assert.IsGreaterThan(0, actual.CachedTokens, $"seed {seed}");

        long Sum(Func<RequestCompletion, int> count) => all.Sum(pair => count(pair.Completion));
    }

    private static GenerationRequest Request() => Requests.Of(5, 12, deterministic: true);

    private static double[] Seconds(params int[] milliseconds) =>
        [.. milliseconds.Select(value => TimeSpan.FromMilliseconds(value).TotalSeconds)];

    private static void AssertSame(Dictionary<string, double> expected, IReadOnlyDictionary<string, double> actual) =>
        Assert.AreEqual(Lines(expected), Lines(actual));

    private static string Lines(IEnumerable<KeyValuePair<string, double>> values) =>
        string.Join('\n', values.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key} {pair.Value}"));

    private EngineLoop Scripted(EngineOptions? options = null, TimeProvider? clock = null, Action? beforeStep = null) => new(
        new ScriptedModel(Script, new() { [3] = 99 }) { OnExecute = _ => beforeStep?.Invoke() }, options ?? Options, EngineName, clock);
}
