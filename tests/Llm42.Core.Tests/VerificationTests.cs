using Llm42.Core.Engine;
using Llm42.Core.Execution;
using Llm42.Core.Requests;
using Llm42.Core.Scheduling;
using Llm42.Core.Verification;

namespace Llm42.Core.Tests;

/// <summary>The verify-rollback loop against scripts: what is committed, when, and what is counted.</summary>
[TestClass]
public sealed class VerificationTests
{
    private static readonly int[] Script = [10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25];

    [TestMethod]
    public void A_window_without_mismatch_commits_its_drafts_and_a_bonus_token()
    {
        Run run = Go(window: 4, flips: [], maxTokens: 6);
        CollectionAssert.AreEqual(Script[..6], run.Answer);
        // Prefill commits token 0, drafts 1..4 are verified, token 5 is the bonus.
        Assert.AreEqual(1, run.Statistics.VerificationWindows);
        Assert.AreEqual(4, run.Statistics.TokensDrafted);
        Assert.AreEqual(4, run.Statistics.TokensAccepted);
        Assert.AreEqual(0, run.Statistics.Rollbacks);
    }

    [TestMethod]
    [DataRow(1, 4)]
    [DataRow(2, 3)]
    [DataRow(3, 2)]
    [DataRow(4, 1)]
    public void A_mismatch_rolls_back_from_its_slot_on(int flippedIndex, int rolledBack)
    {
        Run run = Go(window: 4, flips: new() { [flippedIndex] = 99 }, maxTokens: 12);
        CollectionAssert.AreEqual(Script[..12], run.Answer);
        Assert.AreEqual(1, run.Statistics.Rollbacks);
        Assert.AreEqual(rolledBack, run.Statistics.TokensRolledBack);
    }

    [TestMethod]
    public void Log_probabilities_are_those_of_the_canonical_pass()
    {
        Run run = Go(window: 4, flips: new() { [2] = 99 }, maxTokens: 12);
        Assert.IsTrue(run.Events.TrueForAll(e => e.Logprob == -1), string.Join(' ', run.Events));
    }

    [TestMethod]
    public void Top_log_probabilities_are_those_of_the_canonical_pass()
    {
        // A draft that holds, one that does not, and bonus tokens.
        Run run = Go(window: 4, flips: new() { [2] = 99 }, maxTokens: 12, topLogprobs: 1);
        Assert.HasCount(12, run.Events);
        foreach (TokenEvent token in run.Events)
            CollectionAssert.AreEqual(new[] { new TokenLogprob(token.TokenId, -1) }, token.Top?.ToArray(), $"token {token.Index}");
    }

    [TestMethod]
    public void Only_committed_tokens_are_published_in_order_and_once()
    {
        Run run = Go(window: 3, flips: new() { [3] = 99, [7] = 99 }, maxTokens: 12);
        CollectionAssert.AreEqual(Enumerable.Range(0, 12).ToArray(), run.Events.Select(e => e.Index).ToArray());
        CollectionAssert.AreEqual(Script[..12], run.Events.Select(e => e.TokenId).ToArray());
    }

    [TestMethod]
    public void A_stop_token_that_only_a_draft_saw_is_taken_back()
    {
        Run run = Go(window: 8, flips: new() { [3] = 50 }, maxTokens: 12, stop: [50]);
        CollectionAssert.AreEqual(Script[..12], run.Answer);
        Assert.AreEqual(FinishReason.Length, run.Reason);
        Assert.AreEqual(1, run.Statistics.Rollbacks);
    }

    [TestMethod]
    public void A_stop_token_that_the_drafts_missed_ends_the_answer()
    {
        Run run = Go(window: 8, flips: new() { [3] = 50 }, maxTokens: 12, stop: [13]);
        CollectionAssert.AreEqual(Script[..4], run.Answer);
        Assert.AreEqual(FinishReason.Stop, run.Reason);
    }

    [TestMethod]
    public void A_stop_token_is_verified_at_once_and_nothing_follows_it()
    {
        Run run = Go(window: 64, flips: [], maxTokens: 16, stop: [12]);
        CollectionAssert.AreEqual(Script[..3], run.Answer);
        Assert.AreEqual(2, run.Statistics.TokensDrafted);
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    [DataRow(5)]
    [DataRow(9)]
    public void The_token_limit_holds_inside_a_window(int maxTokens)
    {
        Run run = Go(window: 4, flips: new() { [2] = 99 }, maxTokens: maxTokens);
        CollectionAssert.AreEqual(Script[..maxTokens], run.Answer);
        Assert.AreEqual(FinishReason.Length, run.Reason);
    }

    [TestMethod]
    public void No_token_is_generated_when_only_the_prompt_is_scored()
    {
        var model = new ScriptedModel(Script);
        var simulation = new Simulation(model, Options(4));
        Sequence sequence = simulation.Add(Requests.Of(5, 0, true) with { ScorePrompt = true });
        simulation.Run();
        Assert.AreEqual(0, sequence.CommittedCount);
        Assert.HasCount(5, sequence.PromptScores);
        Assert.AreEqual(FinishReason.Length, sequence.FinishReason);
    }

    [TestMethod]
    [DataRow(6)]
    [DataRow(7)]
    [DataRow(8)]
    public void A_rollback_over_a_page_edge_leaves_the_right_length(int promptLength)
    {
        Run run = Go(window: 4, flips: new() { [1] = 99 }, maxTokens: 12, promptLength: promptLength);
        CollectionAssert.AreEqual(Script[..12], run.Answer);
    }

    [TestMethod]
    public void Forced_mismatches_cost_work_but_change_nothing()
    {
        Run run = Go(window: 4, flips: [], maxTokens: 16, skipMismatch: 50);
        CollectionAssert.AreEqual(Script, run.Answer);
        // Four full windows lose 2 of 4 drafts each; the two cut short by the token limit hold 2 and 1 and lose all.
        Assert.AreEqual(6, run.Statistics.Rollbacks);
        Assert.AreEqual((4 * 2) + 2 + 1, run.Statistics.TokensRolledBack);
    }

    [TestMethod]
    public void With_mismatches_ignored_the_drafts_win()
    {
        Run run = Go(window: 4, flips: new() { [2] = 99 }, maxTokens: 12, skipMismatch: 0);
        Assert.AreEqual(99, run.Answer[2]);
        Assert.AreEqual(0, run.Statistics.Rollbacks);
    }

    [TestMethod]
    public void An_ordinary_request_never_pays_a_verify_pass()
    {
        var simulation = new Simulation(new ScriptedModel(Script), Options(4));
        simulation.Add(Requests.Of(5, 12, deterministic: false));
        simulation.Run();
        Assert.IsFalse(simulation.Plans.Exists(plan => plan.Segments.Any(s => s.Kind == SegmentKind.Verify)));
        Assert.AreEqual(1, simulation.Plans.Count(plan => plan.Numerics == Numerics.Invariant), "the prefill");
        Assert.HasCount(12, simulation.Plans);
    }

    [TestMethod]
    public void Nobody_is_paused_by_a_verify_pass()
    {
        var simulation = new Simulation(new ScriptedModel(Script), Options(2));
        simulation.Add(Requests.Of(5, 14, deterministic: true));
        Sequence ordinary = simulation.Add(Requests.Of(5, 16, deterministic: false, 1));
        for (int step = 1; step <= 14; step++)
        {
            simulation.Step();
            Assert.AreEqual(step, ordinary.CommittedCount, $"step {step}");
        }
    }

    [TestMethod]
    public void Without_a_drafter_every_token_is_canonical_at_once()
    {
        Run run = Go(window: 4, flips: new() { [2] = 99 }, maxTokens: 12, drafter: DrafterKind.None);
        CollectionAssert.AreEqual(Script[..12], run.Answer);
        Assert.AreEqual(0, run.Statistics.VerificationWindows);
        Assert.AreEqual(0, run.Statistics.VerifyRows);
        Assert.AreEqual(0, run.Statistics.BonusTokens);
        Assert.AreEqual(0, run.Statistics.TokensDrafted);
    }

    [TestMethod]
    public void A_stop_string_over_two_windows_ends_the_answer_at_its_last_token()
    {
        // Drafts are 1..2, bonus 3, drafts 4..5: the stop sequence 13 14 lies across the edge.
        Run run = Go(window: 2, flips: [], maxTokens: 12, textStop: new TokenPairStop(13, 14));
        CollectionAssert.AreEqual(Script[..5], run.Answer);
        Assert.AreEqual(FinishReason.Stop, run.Reason);
    }

    [TestMethod]
    public void A_stop_string_that_only_drafts_saw_is_taken_back()
    {
        Run run = Go(window: 8, flips: new() { [4] = 60 }, maxTokens: 12, textStop: new TokenPairStop(13, 60));
        CollectionAssert.AreEqual(Script[..12], run.Answer);
    }

    [TestMethod]
    public void A_preempted_request_with_drafts_pending_gives_the_same_answer()
    {
        GenerationRequest request = Requests.Of(11, 60, deterministic: true, 5);
        int preemptions = 0;
        for (int steps = 1; steps < 40; steps++)
        {
            // One page short of what both need: the newcomer, being the older one's junior, is the victim.
            var tight = new FakeModel(pages: 14) { FlipOneIn = 3 };
            var simulation = new Simulation(tight, Options(16));
            Sequence first = simulation.Add(Requests.Of(10, 70, deterministic: true, 1));
            for (int i = 0; i < steps; i++)
                simulation.Step();
            Sequence second = simulation.Add(request);
            simulation.Run();
            CollectionAssert.AreEqual(FakeModel.CanonicalAnswer(request, 60), Simulation.AnswerOf(second), $"after {steps} steps");
            CollectionAssert.AreEqual(FakeModel.CanonicalAnswer(first.Request, 70), Simulation.AnswerOf(first));
            preemptions += second.Statistics.Preemptions;
        }

        Assert.IsGreaterThan(0, preemptions);
    }

    [TestMethod]
    public void Progress_is_made_in_a_cache_that_holds_barely_one_request()
    {
        var simulation = new Simulation(new FakeModel(pageSize: 8, pages: 10) { FlipOneIn = 3 }, Options(16));
        List<Sequence> sequences = [.. Enumerable.Range(0, 12).Select(i => simulation.Add(Requests.Of(20, 60, i % 2 == 0, (ulong)i)))];
        simulation.Run();
        foreach (Sequence sequence in sequences.Where(s => s.Request.IsDeterministic))
            CollectionAssert.AreEqual(FakeModel.CanonicalAnswer(sequence.Request, 60), Simulation.AnswerOf(sequence));
        Assert.AreEqual(10, simulation.Scheduler.Pool.AvailableCount);
    }

    [TestMethod]
    public void A_request_that_can_never_fit_is_refused_with_the_numbers()
    {
        var simulation = new Simulation(new FakeModel(pageSize: 8, pages: 10), Options(16));
        string message = Assert.ThrowsExactly<ArgumentException>(() => simulation.Add(Requests.Of(20, 61, true))).Message;
        StringAssert.Contains(message, "need 11 KV pages of 8; the cache has 10", StringComparison.Ordinal);
        message = Assert.ThrowsExactly<ArgumentException>(() => simulation.Add(Requests.Of(2048, 1, true))).Message;
        StringAssert.Contains(message, "2048 tokens; the context holds 2048", StringComparison.Ordinal);
    }

    [TestMethod]
    public void A_wrong_number_of_predictions_is_noticed()
    {
        var simulation = new Simulation(new FakeModel(), Options(4));
        simulation.Add(Requests.Of(3, 4, true));
        BatchPlan plan = simulation.Scheduler.Next()!;
        Assert.ThrowsExactly<InvalidOperationException>(() => new Verifier(Options(4)).Apply(plan, new StepResult([])));
    }

    /// <summary>Of drafts that are all right, the share that is asked for is taken for right.</summary>
    [TestMethod]
    [DataRow(1.0)]
    [DataRow(0.9)]
    [DataRow(0.0)]
    public void Forced_acceptance_accepts_its_share(double share)
    {
        var simulation = new Simulation(new FakeModel(), Options(8) with { ForcedAcceptance = share });
        Sequence sequence = simulation.Add(Requests.Of(5, 2000, true));
        simulation.Run();
        RequestStatistics statistics = sequence.Statistics;
        // Each window ends with the first draft that is not accepted: that one was examined as well.
        double examined = statistics.TokensAccepted + statistics.Rollbacks;
        Assert.AreEqual(share, statistics.TokensAccepted / examined, 0.02);
    }

    [TestMethod]
    public void Forced_acceptance_is_a_probability() =>
        StringAssert.Contains(
            Assert.ThrowsExactly<ArgumentException>(() => (Options(4) with { ForcedAcceptance = 1.5 }).Validate()).Message,
            "ForcedAcceptance", StringComparison.Ordinal);

    private static EngineOptions Options(int window) =>
        new() { Window = window, Drafter = DrafterKind.Same, MaxSequences = 16, MaxBatchTokens = 256 };

    private static Run Go(
        int window, Dictionary<int, int> flips, int maxTokens, int[]? stop = null, double skipMismatch = 100,
        DrafterKind drafter = DrafterKind.Same, int promptLength = 5, ITextStop? textStop = null,
        int topLogprobs = 0)
    {
        var simulation = new Simulation(
            new ScriptedModel(Script, flips), Options(window) with { SkipMismatch = skipMismatch, Drafter = drafter });
        Sequence sequence = simulation.Add(
            Requests.Of(promptLength, maxTokens, deterministic: true, 0, stop ?? []) with { TextStop = textStop, TopLogprobs = topLogprobs });
        simulation.Run();
        return new Run(Simulation.AnswerOf(sequence), [.. sequence.Outbox], sequence.FinishReason, sequence.Statistics);
    }

    private sealed record Run(int[] Answer, List<TokenEvent> Events, FinishReason? Reason, RequestStatistics Statistics);
}
