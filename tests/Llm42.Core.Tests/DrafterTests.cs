using Llm42.Core.Engine;
using Llm42.Core.Execution;
using Llm42.Core.Requests;
using Llm42.Core.Sampling;
using Llm42.Core.Scheduling;

namespace Llm42.Core.Tests;

/// <summary>Drafters other than the model itself: what they save, what they leave alone, and where they stop.</summary>
[TestClass]
public sealed class DrafterTests
{
    private static readonly int[] Periodic = [.. Enumerable.Range(0, 64).Select(i => 10 + (i % 4))];
    private static readonly int[] Unrepeated = [.. Enumerable.Range(10, 64)];

    [TestMethod]
    [DataRow(DeterminismMode.Dvr)]
    [DataRow(DeterminismMode.Auto)]
    public void Looked_up_drafts_save_the_steps_of_a_text_that_repeats_itself(DeterminismMode mode)
    {
        (Sequence sequence, int steps) = Run(Periodic, new EngineOptions { Drafter = DrafterKind.Ngram, Determinism = mode, Window = 8 });
        CollectionAssert.AreEqual(Periodic, Simulation.AnswerOf(sequence));
        Assert.IsLessThan(20, steps);
        Assert.IsGreaterThan(40, sequence.Statistics.TokensAccepted);

        // The control: nothing to look up, a step for every token.
        (sequence, steps) = Run(Unrepeated, new EngineOptions { Drafter = DrafterKind.Ngram, Determinism = mode, Window = 8 });
        CollectionAssert.AreEqual(Unrepeated, Simulation.AnswerOf(sequence));
        Assert.AreEqual((64, 0), (steps, sequence.Statistics.TokensDrafted));
    }

    [TestMethod]
    public void A_wrong_guess_rolls_back()
    {
        int[] script = [10, 11, 12, 13, 10, 11, 12, 20, 21, 22, 23, 24];
        (Sequence sequence, _) = Run(script, new EngineOptions { Drafter = DrafterKind.Ngram, Determinism = DeterminismMode.Dvr, Window = 4 });
        CollectionAssert.AreEqual(script, Simulation.AnswerOf(sequence));
        Assert.IsGreaterThan(0, sequence.Statistics.Rollbacks);
        Assert.IsGreaterThan(0, sequence.Statistics.TokensAccepted);
    }

    [TestMethod]
    public void Guesses_end_at_a_token_that_may_end_the_answer()
    {
        List<int[]> windows = [];
        (Sequence sequence, _) = Run(
            Periodic, new EngineOptions { Drafter = DrafterKind.Ngram, Determinism = DeterminismMode.Dvr, Window = 16 }, windows,
            request => request with { PromptIds = [10, 11, 12, 13, 50], StopTokenIds = new HashSet<int> { 13 } });
        // The prompt promises 11, 12, 13 behind the 10 that comes first; 13 is a stop token.
        CollectionAssert.AreEqual(Periodic[..4], Simulation.AnswerOf(sequence));
        Assert.AreEqual(FinishReason.Stop, sequence.FinishReason);
        CollectionAssert.AreEqual(new[] { 11, 12, 13 }, windows[0]);
    }

    [TestMethod]
    public void Guesses_leave_room_for_the_token_behind_them()
    {
        for (int limit = 1; limit <= 12; limit++)
        {
            List<int[]> windows = [];
            (Sequence sequence, _) = Run(
                Periodic, new EngineOptions { Drafter = DrafterKind.Ngram, Determinism = DeterminismMode.Dvr, Window = 16 }, windows,
                request => request with { PromptIds = [10, 11, 12, 13], MaxTokens = limit });
            CollectionAssert.AreEqual(Periodic[..limit], Simulation.AnswerOf(sequence), $"limit {limit}");
            Assert.IsTrue(windows.TrueForAll(window => window.Length < limit), $"limit {limit}");
            Assert.AreEqual(limit > 2, windows.Count > 0, $"limit {limit}");
        }
    }

    [TestMethod]
    public void Guesses_that_the_output_format_forbids_are_not_made()
    {
        List<int[]> windows = [];
        (Sequence sequence, _) = Run(
            Periodic, new EngineOptions { Drafter = DrafterKind.Ngram, Determinism = DeterminismMode.Dvr, Window = 16 }, windows,
            request => request with { PromptIds = [10, 11, 12, 13], Constraint = new Only(10, 11, 12) }, limit: 3);
        Assert.AreEqual(3, sequence.CommittedCount);
        CollectionAssert.AreEqual(new[] { 11 }, windows[0]);

        windows.Clear();
        Run(
            Periodic, new EngineOptions { Drafter = DrafterKind.Ngram, Determinism = DeterminismMode.Dvr, Window = 16 }, windows,
            request => request with { PromptIds = [10, 11, 12, 13], Constraint = new Only(10) }, limit: 3);
        Assert.IsEmpty(windows);
    }

    [TestMethod]
    public void Ordinary_requests_neither_wait_for_int8_drafts_nor_get_their_tokens()
    {
        var model = new FakeModel();
        var options = new EngineOptions { Drafter = DrafterKind.Int8Weights, Determinism = DeterminismMode.Dvr, Window = 8, MaxSequences = 20 };
        var simulation = new Simulation(model, options);
        int drafting = 0, beside = 0, paused = 0;
        model.OnExecute = plan =>
        {
            Sequence[] ordinary = [.. simulation.Scheduler.Running.Where(s => !s.NeedsPrefill && !s.Request.IsDeterministic)];
            paused += ordinary.Count(s => plan.Segments.All(segment => segment.Sequence != s));
            drafting += plan.UsesDraftWeights ? 1 : 0;
            beside += plan.UsesDraftWeights && ordinary.Length > 0 ? 1 : 0;
        };
        Sequence[] sequences = [.. Enumerable.Range(0, 12).Select(i => simulation.Add(Requests.Of(5 + i, 20 * (i + 1), i % 2 == 0, (ulong)i)))];
        simulation.Add(Requests.Of(5, 400, true, 77));
        simulation.Run();
        Assert.AreEqual((0, 0), (beside, paused));
        Assert.IsGreaterThan(50, drafting, "the request that is left alone does not draft: nothing was shown");
        foreach (Sequence sequence in sequences.Where(s => s.Request.IsDeterministic))
            CollectionAssert.AreEqual(FakeModel.CanonicalAnswer(sequence.Request, sequence.TokenLimit), Simulation.AnswerOf(sequence));
    }

    [TestMethod]
    public void It_drafts_with_int8_weights_where_that_pays()
    {
        Assert.IsGreaterThan(0.7, DraftedShare(draftCost: 0.5, verifyRowCost: 0.01));
        Assert.IsLessThan(0.2, DraftedShare(draftCost: 1.2, verifyRowCost: 0.01));

        static double DraftedShare(double draftCost, double verifyRowCost)
        {
            var simulation = new Simulation(
                new FakeModel { FlipOneIn = 100 }, new EngineOptions { Drafter = DrafterKind.Int8Weights, Window = 16 })
            {
                CostOf = plan => TimeSpan.FromMilliseconds(plan.UsesDraftWeights ? draftCost : 1 + (verifyRowCost * plan.Rows)),
                ChecksIntegrity = false,
            };
            Sequence sequence = simulation.Add(Requests.Of(5, 1500, true, 3));
            simulation.Run();
            return (double)sequence.Statistics.TokensAccepted / sequence.CommittedCount;
        }
    }

    [TestMethod]
    public void Guesses_that_are_mostly_wrong_are_mostly_left_out()
    {
        // Tokens that all stood there before, in an order that tells nothing.
        var random = new Random(5);
        int[] script = [.. Enumerable.Range(0, 400).Select(_ => 10 + random.Next(5))];
        Assert.IsLessThan(300, Drafted(DeterminismMode.Auto));
        Assert.IsGreaterThan(1500, Drafted(DeterminismMode.Dvr));

        int Drafted(DeterminismMode mode)
        {
            (Sequence sequence, _) = Run(
                script, new EngineOptions { Drafter = DrafterKind.Ngram, Determinism = mode, Window = 16 },
                cost: plan => TimeSpan.FromMilliseconds(1 + (0.3 * plan.Rows)));
            CollectionAssert.AreEqual(script, Simulation.AnswerOf(sequence));
            return sequence.Statistics.TokensDrafted;
        }
    }

    [TestMethod]
    public void An_executor_without_such_weights_is_refused()
    {
        ArgumentException error = Assert.ThrowsExactly<ArgumentException>(
            () => new Scheduler(new ScriptedModel([]).Info, new EngineOptions { Drafter = DrafterKind.Int8Weights }));
        StringAssert.Contains(error.Message, "Drafter is Int8Weights", StringComparison.Ordinal);
    }

    /// <summary>Answers a script; how many steps that took, and which windows were verified.</summary>
    private static (Sequence Sequence, int Steps) Run(
        int[] script, EngineOptions options, List<int[]>? windows = null, Func<GenerationRequest, GenerationRequest>? change = null,
        int limit = 0, Func<BatchPlan, TimeSpan>? cost = null)
    {
        var model = new ScriptedModel(script)
        {
            OnExecute = plan => windows?.AddRange(plan.Segments.Where(s => s.Sequence.Drafts.Count > 0).Select(s => s.Sequence.Drafts.ToArray())),
        };
        var request = new GenerationRequest
        {
            PromptIds = [1],
            MaxTokens = limit > 0 ? limit : script.Length,
            IsDeterministic = true,
            Sampling = SamplingParameters.Greedy,
        };
        var simulation = new Simulation(model, options) { CostOf = cost ?? (plan => TimeSpan.FromMilliseconds(1)) };
        Sequence sequence = simulation.Add(change?.Invoke(request) ?? request);
        simulation.Run();
        return (sequence, simulation.Plans.Count);
    }

    /// <summary>Lets some tokens come, again and again.</summary>
    private sealed class Only(params int[] tokenIds) : ITokenConstraint
    {
        public bool IsEnd => false;

        public uint[] GetAllowedTokens()
        {
            uint[] allowed = new uint[4];
            foreach (int id in tokenIds)
                allowed[id / 32] |= 1u << (id % 32);
            return allowed;
        }

        public ITokenConstraint Follow(int tokenId) => this;
    }
}
