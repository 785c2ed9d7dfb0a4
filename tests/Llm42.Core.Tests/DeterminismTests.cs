using Llm42.Core.Engine;
using Llm42.Core.Requests;
using Llm42.Core.Sampling;

namespace Llm42.Core.Tests;

/// <summary>The contract over random schedules: a deterministic answer is a function of its request alone.</summary>
[TestClass]
public sealed class DeterminismTests
{
    public static IEnumerable<object[]> Seeds => Enumerable.Range(0, 300).Select(seed => new object[] { seed });

    [TestMethod]
    [DynamicData(nameof(Seeds))]
    public void Deterministic_answers_are_canonical_under_any_schedule(int seed)
    {
        Outcome outcome = RunRandomSchedule(seed, skipMismatch: null);
        foreach ((Sequence sequence, int[] expected) in outcome.Deterministic)
            CollectionAssert.AreEqual(
                expected, Simulation.AnswerOf(sequence), $"seed {seed}, request {sequence.Id}, {outcome.Description}");
    }

    [TestMethod]
    public void Without_rollback_the_same_schedules_give_other_answers()
    {
        int different = 0;
        for (int seed = 0; seed < 50; seed++)
        {
            Outcome outcome = RunRandomSchedule(seed, skipMismatch: 0);
            different += outcome.Deterministic.Count(pair => !pair.Expected.SequenceEqual(Simulation.AnswerOf(pair.Sequence)));
        }

        Assert.IsGreaterThan(50, different, "the fake model's flips no longer reach answers: the test above proves nothing");
    }

    [TestMethod]
    public void Penalties_that_keep_dropped_drafts_give_other_answers()
    {
        int different = 0;
        for (int seed = 0; seed < 50; seed++)
        {
            Outcome outcome = RunRandomSchedule(seed, skipMismatch: null, new LeakySampling().Adjust);
            foreach ((Sequence sequence, int[] expected) in outcome.Deterministic)
            {
                bool same = expected.SequenceEqual(Simulation.AnswerOf(sequence));
                different += same ? 0 : 1;
                if (sequence.Statistics.Rollbacks == 0 && sequence.Statistics.Preemptions == 0)
                    Assert.IsTrue(same, $"seed {seed}, request {sequence.Id}: nothing was dropped, and yet it shows");
            }
        }

        Assert.IsGreaterThan(20, different, "a state that keeps dropped drafts would go unseen: the test above proves less");
    }

    [TestMethod]
    public void The_schedules_roll_back_preempt_share_and_verify_in_groups()
    {
        int rollbacks = 0, preemptions = 0, groups = 0, fused = 0, hits = 0, copies = 0, adjusted = 0;
        for (int seed = 0; seed < 100; seed++)
        {
            Outcome outcome = RunRandomSchedule(seed, skipMismatch: null);
            rollbacks += outcome.Deterministic.Sum(pair => pair.Sequence.Statistics.Rollbacks);
            preemptions += outcome.Deterministic.Sum(pair => pair.Sequence.Statistics.Preemptions);
            hits += outcome.Deterministic.Count(pair => pair.Sequence.Statistics.CachedTokens > 0);
            adjusted += outcome.Deterministic.Count(pair => pair.Sequence.HasAdjustments && pair.Sequence.Statistics.Rollbacks > 0);
            copies += outcome.Simulation.Plans.Sum(plan => plan.Copies.Count);
            groups += outcome.Simulation.Plans.Count(plan => plan.Segments.Count(s => s.Kind == Scheduling.SegmentKind.Verify && s.Rows > 1) > 1);
            fused += outcome.Simulation.Plans.Count(plan => plan.Segments.Select(s => s.Kind).Distinct().Count() == 3);
        }

        Assert.IsGreaterThan(100, rollbacks);
        Assert.IsGreaterThan(10, preemptions);
        Assert.IsGreaterThan(100, groups);
        Assert.IsGreaterThan(10, fused);
        Assert.IsGreaterThan(100, hits);
        Assert.IsGreaterThan(50, copies);
        Assert.IsGreaterThan(50, adjusted);
    }

    private static Outcome RunRandomSchedule(
        int seed, double? skipMismatch, Action<Sequence, int, List<LogitAdjustment>>? adjust = null)
    {
        var random = new Random(seed);
        int window = Pick(random, 1, 2, 4, 16, 64);
        int maxSequences = Pick(random, 1, 3, 8, 32);
        int group = Pick(random, 1, 2, 8);
        bool fixedShape = random.Next(5) == 0;
        var options = new EngineOptions
        {
            Window = window,
            ChainedSteps = seed % 2 == 0 ? 1 : 1 + (seed % 9),
            VerifyGroup = group,
            MaxSequences = maxSequences,
            MaxBatchTokens = Math.Max(maxSequences + window + 1 + random.Next(100), fixedShape ? Math.Max(60, group * (window + 1)) : 0),
            PrefillChunk = Pick(random, 1, 7, 64),
            Determinism = fixedShape ? DeterminismMode.Dvr : Pick(random, DeterminismMode.Dvr, DeterminismMode.Dvr, DeterminismMode.Auto, DeterminismMode.Invariant),
            Verifier = fixedShape ? VerifierKind.FixedShape : VerifierKind.Invariant,
            PrefixCache = random.Next(4) > 0 && !fixedShape,
            SkipMismatch = skipMismatch ?? Pick(random, 100.0, 100, 100, 25, 50),
        };
        // A source of their own, so that the schedules are those without other drafters.
        var drafters = new Random(seed ^ 0x5eed);
        if (!fixedShape && options.Determinism != DeterminismMode.Invariant)
            options = options with { Drafter = Pick(drafters, DrafterKind.Auto, DrafterKind.Auto, DrafterKind.Int8Weights, DrafterKind.Ngram) };
        int pageSize = Pick(random, 8, 16, 64);
        int longest = 40 + 80;
        int pages = (longest + pageSize - 1) / pageSize * Pick(random, 1, 2, 4, 50);
        var model = new FakeModel(pageSize, pages) { FlipOneIn = Pick(random, 3, 12, 50) };
        if (adjust is not null)
            model.Adjust = adjust;
        // Steps of arbitrary length make the adaptive policy change its mind again and again.
        var simulation = new Simulation(model, options) { CostOf = _ => TimeSpan.FromMicroseconds(random.Next(1, 100)) };

        // A source of their own, so that the schedules are those without penalties.
        var penalties = new Random(~seed);
        List<Sequence> all = [];
        List<(Sequence, int[])> deterministic = [];
        int requests = random.Next(1, 25);
        for (int i = 0; i < requests; i++)
        {
            GenerationRequest request = Requests.Of(
                random.Next(1, 41), random.Next(1, 81), random.Next(3) > 0, (ulong)random.Next(1000),
                random.Next(3) == 0 ? [random.Next(FakeModel.Vocabulary)] : []);
            // Half of the prompts begin alike, some with what another request answered.
            if (random.Next(2) == 0)
                request = request with { PromptIds = [.. Beginning(random, all).Take(request.PromptIds.Count)] };
            if (penalties.Next(3) == 0)
                request = request with { Sampling = Requests.RandomPenalties(penalties) with { Seed = request.Sampling.Seed } };
            Sequence sequence = simulation.Add(request);
            all.Add(sequence);
            if (request.IsDeterministic)
                deterministic.Add((sequence, FakeModel.CanonicalAnswer(request, request.MaxTokens)));
            else if (random.Next(6) == 0)
                simulation.Scheduler.Remove(sequence);
            for (int steps = random.Next(30); steps > 0; steps--)
                simulation.Step();
        }

        simulation.Run();
        return new Outcome(simulation, deterministic, $"{options}, {pages} pages of {pageSize}");
    }

    private static IEnumerable<int> Beginning(Random random, List<Sequence> others)
    {
        IEnumerable<int> beginning = others.Count > 0 && random.Next(2) == 0
            ? others[random.Next(others.Count)].Tokens
            : Enumerable.Range(0, 40);
        int same = random.Next(40);
        return beginning.Concat(Enumerable.Repeat(7, 40)).Select((token, i) => i < same ? token : (token + same) % FakeModel.Vocabulary);
    }

    private static T Pick<T>(Random random, params T[] values) => values[random.Next(values.Length)];

    private sealed record Outcome(
        Simulation Simulation, List<(Sequence Sequence, int[] Expected)> Deterministic, string Description);
}
