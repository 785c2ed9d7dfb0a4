using Llm42.Cli.Determinism;
using Llm42.Cli.Remote;
using Llm42.Cli.Serving;

namespace Llm42.Remote.Tests;

/// <summary>Figures against values by hand, on a clock that only scripts move.</summary>
[TestClass]
public sealed class ServingLoadTests
{
    private static readonly ServingOptions Open = new() { RequestRate = 1 };

    [TestMethod]
    public void Latencies_are_those_of_the_script()
    {
        var clock = new VirtualClock();
        // First token after 100 ms, then gaps of 10, 30 and 20 ms; the end 5 ms later; 7 tokens in 4 pieces.
        IReadOnlyList<RequestRecord> records = Run(clock, Open, [At(0), At(1000)], _ => AnswerAsync(clock, [100, 10, 30, 20], 5, completionTokens: 7));
        (TimeSpan elapsed, IReadOnlyList<ClassFigures> classes, LatencySummary lag) = ServingReport.Summarize(records);
        ClassFigures all = classes.Single();
        AssertLatency(all.TimeToFirstToken, 2, 100, 100, 100);
        AssertLatency(all.InterTokenLatency, 6, 20, 20, 30);
        AssertLatency(all.TimePerOutputToken, 2, 10, 10, 10);
        AssertLatency(all.EndToEnd, 2, 165, 165, 165);
        Assert.AreEqual(1.165, elapsed.TotalSeconds);
        Assert.AreEqual(2 / 1.165, all.RequestsPerSecond);
        Assert.AreEqual(14 / 1.165, all.OutputTokensPerSecond);
        Assert.AreEqual(8 / 1.165, all.InputTokensPerSecond);
        Assert.AreEqual(14 / 8.0, all.TokensPerPiece);
        Assert.AreEqual(0, lag.Max);
    }

    [TestMethod]
    public void Quantiles_are_those_of_the_hand()
    {
        var clock = new VirtualClock();
        // 11 answers of 10, 20, ... 110 ms: P50 60, P90 100, P99 109, mean 60.
        int next = 0;
        IReadOnlyList<RequestRecord> records = Run(
            clock, Open, [.. Enumerable.Range(0, 11).Select(i => At(1000 * i))], _ => AnswerAsync(clock, [10 * ++next], 0));
        LatencySummary latency = ServingReport.Summarize(records).Classes[0].TimeToFirstToken!;
        Assert.AreEqual((60.0, 100.0, 109.0, 110.0, 60.0), (
            Ms(latency.P50), Ms(latency.P90), Ms(latency.P99), Ms(latency.Max), Ms(latency.Mean)));
    }

    [TestMethod]
    public void Open_loop_counts_what_a_closed_one_hides()
    {
        // A server that answers one request at a time, a second each; two arrive every second.
        PlannedRequest[] plan = [.. Enumerable.Range(0, 4).Select(i => At(500 * i))];
        var clock = new VirtualClock();
        IReadOnlyList<RequestRecord> open = Run(clock, Open, plan, Serial(clock));
        CollectionAssert.AreEqual(new[] { 1000.0, 1500, 2000, 2500 }, EndToEnd(open));

        clock = new VirtualClock();
        IReadOnlyList<RequestRecord> closed = Run(clock, new ServingOptions { Concurrency = 1 }, plan, Serial(clock));
        CollectionAssert.AreEqual(new[] { 1000.0, 1000, 1000, 1000 }, EndToEnd(closed));
    }

    [TestMethod]
    public void Late_client_says_so_and_its_delay_counts()
    {
        var clock = new VirtualClock();
        // Each sending keeps the client busy for 300 ms, and a request is due every 100 ms.
        IReadOnlyList<RequestRecord> records = Run(clock, Open, [.. Enumerable.Range(0, 3).Select(i => At(100 * i))], _ =>
        {
            long sentAt = clock.GetTimestamp();
            clock.Advance(TimeSpan.FromMilliseconds(300));
            return Task.FromResult(new RemoteAnswer { Text = "a", SentAt = sentAt, PieceTimes = [clock.GetTimestamp()], EndedAt = clock.GetTimestamp(), CompletionTokens = 1 });
        });
        CollectionAssert.AreEqual(new[] { 0.0, 200, 400 }, records.OrderBy(one => one.Number).Select(one => Ms(one.Lag.TotalSeconds)).ToArray());
        CollectionAssert.AreEqual(new[] { 300.0, 500, 700 }, EndToEnd(records));
        Assert.IsTrue(Report(records).IsClientLate);
        StringAssert.Contains(Report(records).Notes[0], "could not keep up", StringComparison.Ordinal);

        clock = new VirtualClock();
        Assert.IsFalse(Report(Run(clock, Open, [At(0), At(100)], _ => AnswerAsync(clock, [300], 0))).IsClientLate);
    }

    [TestMethod]
    public void Closed_loop_keeps_exactly_so_many_running()
    {
        var clock = new VirtualClock();
        int running = 0;
        int most = 0;
        IReadOnlyList<RequestRecord> records = Run(clock, new ServingOptions { Concurrency = 3 }, [.. Enumerable.Range(0, 10).Select(i => At(0, i))], async request =>
        {
            most = Math.Max(most, ++running);
            RemoteAnswer answer = await AnswerAsync(clock, [10 * request.MaxTokens], 0);
            running--;
            return answer;
        });
        Assert.AreEqual((3, 10), (most, records.Count));
    }

    [TestMethod]
    public void Closed_loop_with_a_duration_goes_round_until_it_is_over()
    {
        var clock = new VirtualClock();
        IReadOnlyList<RequestRecord> records = Run(
            clock, new ServingOptions { Concurrency = 2, Duration = TimeSpan.FromMilliseconds(1000) }, [At(0, 0), At(0, 1), At(0, 2)], _ => AnswerAsync(clock, [300], 0));
        // Starts at 0, 300, 600 and 900 of two workers.
        Assert.HasCount(8, records);
        CollectionAssert.AreEqual(new[] { 0, 1, 2, 0, 1, 2, 0, 1 }, records.OrderBy(one => one.ScheduledAt).Select(one => one.Number).ToArray());
        Assert.IsTrue(records.All(one => one.ScheduledAt < TimeSpan.FromMilliseconds(1000)));
        Assert.IsNotNull(ServingReport.Summarize(records).Classes[0].AnswersDigest, "every round brought the same answers");
    }

    [TestMethod]
    public void Classes_and_errors_are_counted_apart()
    {
        var clock = new VirtualClock();
        PlannedRequest[] plan = [.. Enumerable.Range(0, 6).Select(i => At(i, i) with { IsDeterministic = i % 3 == 0 })];
        IReadOnlyList<RequestRecord> records = Run(clock, Open with { DeterministicShare = 0.3 }, plan, async request =>
        {
            Assert.AreEqual(request.IsDeterministic is null, request.ExtraBody is not null, "one of both says what the request is");
            bool isDeterministic = request.ExtraBody?["is_deterministic"]?.GetValue<bool>() ?? false;
            if (request.Prompt.Text is "1" or "3")
            {
                await clock.Delay(1000);
                throw new RemoteException(new RemoteError(request.Prompt.Text == "1" ? "http_429" : "timeout", "no"));
            }

            RemoteAnswer answer = await AnswerAsync(clock, [isDeterministic ? 50 : 20, 10], 0);
            answer.Verification = isDeterministic ? new VerificationCounts(3, 2, 9) : null;
            return answer;
        });
        IReadOnlyList<ClassFigures> classes = ServingReport.Summarize(records).Classes;
        CollectionAssert.AreEqual(
            new[] { "all 6 4 http_429=1,timeout=1", "deterministic 2 1 timeout=1", "ordinary 4 3 http_429=1" },
            classes.Select(one => $"{one.Name} {one.Requests} {one.Succeeded} {string.Join(',', one.Errors.Select(error => $"{error.Key}={error.Value}"))}").ToArray());
        Assert.AreEqual((50.0, 20.0), (Ms(classes[1].TimeToFirstToken!.Mean), Ms(classes[2].TimeToFirstToken!.Mean)), "a failed request has no latency");
        Assert.AreEqual(new VerificationCounts(3, 2, 9), classes[1].Verification);
        Assert.IsNull(classes[2].Verification);
        Assert.IsNull(classes[1].AnswersDigest, "a request has no answer");
    }

    [TestMethod]
    public void Digest_is_of_the_answers_whatever_the_order_and_the_times()
    {
        string DigestOf(PlannedRequest[] plan, Func<string, string> text, int latency)
        {
            var clock = new VirtualClock();
            return ServingReport.Summarize(Run(clock, Open, plan, async request =>
            {
                RemoteAnswer answer = await AnswerAsync(clock, [latency], 0);
                answer.Text = text(request.Prompt.Text!);
                return answer;
            })).Classes[0].AnswersDigest!;
        }

        string digest = DigestOf([At(0, 0), At(1, 1)], prompt => "a" + prompt, 5);
        Assert.AreEqual(digest, DigestOf([At(0, 1), At(7, 0)], prompt => "a" + prompt, 9));
        Assert.AreNotEqual(digest, DigestOf([At(0, 0), At(1, 1)], prompt => "b" + prompt, 5));
        Assert.AreNotEqual(digest, DigestOf([At(0, 0), At(1, 1)], prompt => prompt == "0" ? "a1" : "a0", 5));
    }

    [TestMethod]
    public void Tokens_that_the_server_does_not_count_are_estimated_by_pieces()
    {
        var clock = new VirtualClock();
        ClassFigures figures = ServingReport.Summarize(Run(clock, Open, [At(0)], _ => AnswerAsync(clock, [1, 1, 1], 0, completionTokens: null))).Classes[0];
        Assert.AreEqual((3L, true), (figures.OutputTokens, figures.IsOutputEstimated));
    }

    [TestMethod]
    public void Totals_of_servers_are_read_by_either_name()
    {
        var ours = ServerTotals.Parse("# HELP llm42_rollbacks_total x\n# TYPE llm42_rollbacks_total counter\nllm42_rollbacks_total 5\nllm42_tokens_rolled_back_total 40\nllm42_verification_windows_total 11\n");
        Assert.AreEqual(new ServerTotals(11, 5, 40), ours);
        var published = ServerTotals.Parse("num_rollbacks_total{engine=\"0\",x=\"a b}\"} 2\nnum_rollbacks_total{engine=\"1\"} 3 1700000000\ntokens_rolled_back_total 7e1\nbroken\n {x} 3\n");
        Assert.AreEqual(new ServerTotals(null, 5, 70), published);
        Assert.AreEqual(new ServerTotals(1, 0, 2), ServerTotals.Between(ours, new ServerTotals(12, 5, 42)));
        Assert.IsNull(ServerTotals.Between(ServerTotals.Parse("up 1"), ServerTotals.Parse("up 1")));
    }

    internal static ServingReport Report(IReadOnlyList<RequestRecord> records, string model = "m")
    {
        (TimeSpan elapsed, IReadOnlyList<ClassFigures> classes, LatencySummary lag) = ServingReport.Summarize(records);
        return new ServingReport
        {
            BaseUrl = "http://h/v1/",
            Model = model,
            Options = Open,
            Server = new RemoteOptions { Address = ServerAddress.Parse("http://h") },
            Date = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
            Elapsed = elapsed,
            Records = records,
            Classes = classes,
            Lag = lag,
            IsInputExact = true,
            ServerTotals = new ServerTotals(3, 2, 1),
        };
    }

    /// <summary>A request by its number, which is its prompt too.</summary>
    private static PlannedRequest At(int milliseconds, int? number = null)
    {
        int given = number ?? milliseconds;
        return new PlannedRequest(given, new RemotePrompt { Text = $"{given}" }, 1 + given, false) { ArrivesAt = TimeSpan.FromMilliseconds(milliseconds) };
    }

    private static IReadOnlyList<RequestRecord> Run(
        VirtualClock clock, ServingOptions options, PlannedRequest[] plan, Func<RemoteRequest, Task<RemoteAnswer>> answer)
    {
        var load = new ServingLoad(new ScriptedServer(answer), options, clock, () => { });
        return clock.Run(options.RequestRate is null ? load.RunClosedAsync(plan, options.Concurrency, default) : load.RunOpenAsync(plan, default));
    }

    private static async Task<RemoteAnswer> AnswerAsync(VirtualClock clock, int[] gaps, int end, int? completionTokens = 3)
    {
        long sentAt = clock.GetTimestamp();
        var times = new List<long>();
        foreach (int gap in gaps)
        {
            await clock.Delay(gap);
            times.Add(clock.GetTimestamp());
        }

        if (end > 0)
            await clock.Delay(end);
        return new RemoteAnswer
        {
            Text = "abc", SentAt = sentAt, PieceTimes = times, EndedAt = clock.GetTimestamp(), CompletionTokens = completionTokens, PromptTokens = 4,
        };
    }

    private static Func<RemoteRequest, Task<RemoteAnswer>> Serial(VirtualClock clock)
    {
        long freeAt = 0;
        return async _ =>
        {
            long sentAt = clock.GetTimestamp();
            freeAt = Math.Max(freeAt, sentAt) + TimeSpan.FromSeconds(1).Ticks;
            await Task.Delay(TimeSpan.FromTicks(freeAt - sentAt), clock);
            return new RemoteAnswer { Text = "a", SentAt = sentAt, PieceTimes = [clock.GetTimestamp()], EndedAt = clock.GetTimestamp(), CompletionTokens = 1 };
        };
    }

    private static double[] EndToEnd(IReadOnlyList<RequestRecord> records) => [.. records.Select(one => Ms(one.EndToEnd.TotalSeconds)).Order()];

    private static double Ms(double seconds) => Math.Round(1000 * seconds, 6);

    private static void AssertLatency(LatencySummary? latency, int count, double mean, double median, double max)
    {
        Assert.IsNotNull(latency);
        Assert.AreEqual((count, mean, median, max), (latency.Count, Ms(latency.Mean), Ms(latency.P50), Ms(latency.Max)));
    }
}
