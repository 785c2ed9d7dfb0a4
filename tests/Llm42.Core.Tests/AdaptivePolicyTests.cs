using Llm42.Core.Engine;
using Llm42.Core.Execution;
using Llm42.Core.Requests;
using Llm42.Core.Scheduling;

namespace Llm42.Core.Tests;

/// <summary>
/// The adaptive policy in a world where a step takes what a formula says: it must come close to the better of the two
/// fixed ways at every share of deterministic traffic, without knowing the formula.
/// </summary>
[TestClass]
public sealed class AdaptivePolicyTests
{
    private const int Requests = 50, Answer = 400, AtOnce = 50;

    /// <summary>Cost of an invariant step over a fast one, cost of a row over that of a step, flip rate.</summary>
    public static IEnumerable<object[]> Worlds =>
        from invariantOverFast in new[] { 0.8, 1.0, 1.05, 1.3, 2.0 }
        from rowOverStep in new[] { 0.001, 0.02 }
        from flipRate in new[] { 0.0, 0.005, 0.05 }
        select new object[] { invariantOverFast, rowOverStep, flipRate };

    [TestMethod]
    [DynamicData(nameof(Worlds))]
    public void Adapting_is_never_much_slower_than_the_better_fixed_way(
        double invariantOverFast, double rowOverStep, double flipRate)
    {
        foreach (int share in (int[])[0, 2, 10, 50, 100])
        {
            double dvr = TimeOf(DeterminismMode.Dvr, share);
            double invariant = TimeOf(DeterminismMode.Invariant, share);
            double auto = TimeOf(DeterminismMode.Auto, share);
            Assert.IsLessThanOrEqualTo(
                1.05 * Math.Min(dvr, invariant), auto, $"{share}% deterministic: dvr {dvr}, invariant {invariant}");
        }

        double TimeOf(DeterminismMode mode, int share) => Run(mode, share, flipRate, Cost);

        double Cost(BatchPlan plan) =>
            (plan.Numerics == Numerics.Invariant ? invariantOverFast : 1) * (1 + (rowOverStep * plan.Rows));
    }

    [TestMethod]
    public void It_drafts_where_fast_steps_are_cheaper_and_not_where_they_are_dearer()
    {
        Assert.IsGreaterThan(1000, Drafted(plan => plan.Numerics == Numerics.Invariant ? 2 : 1));
        // Only trials.
        Assert.IsLessThan(400, Drafted(plan => plan.Numerics == Numerics.Invariant ? 1 : 1.5));

        static int Drafted(Func<BatchPlan, double> cost)
        {
            Simulation simulation = Simulate(DeterminismMode.Auto, 10, 0.001, cost, out List<Sequence> sequences);
            Assert.IsGreaterThan(0, simulation.Plans.Count);
            return sequences.Sum(s => s.Statistics.TokensDrafted);
        }
    }

    [TestMethod]
    public void It_changes_its_mind_when_the_world_changes()
    {
        // From step 500 on, invariant steps cost twice what fast ones do; before, half.
        int step = 0;
        Simulation simulation = Simulate(
            DeterminismMode.Auto, 100, 0.001,
            plan => (plan.Numerics == Numerics.Fast) == step++ < 500 ? 2 : 1, out _, answer: 2000);
        int early = simulation.Plans.Take(500).Count(plan => plan.Numerics == Numerics.Fast);
        int late = simulation.Plans.Skip(1500).Take(100).Count(plan => plan.Numerics == Numerics.Fast);
        Assert.IsLessThan(30, early);
        Assert.IsGreaterThan(60, late);
    }

    [TestMethod]
    public void A_small_margin_is_verified_early_once_it_is_known_to_be_risky()
    {
        // Verify passes cost no more than fast steps, so that waiting can only lose drafts.
        Simulation simulation = Simulate(
            DeterminismMode.Auto, 100, 0.02, plan => plan.Numerics == Numerics.Invariant ? 1.2 : 1, out List<Sequence> sequences);
        int rolledBack = sequences.Sum(s => s.Statistics.TokensRolledBack);
        int rollbacks = sequences.Sum(s => s.Statistics.Rollbacks);
        Assert.IsGreaterThan(10, rollbacks);
        // A rollback that came as soon as the risky draft was there takes back hardly more than that draft.
        Assert.IsLessThan(3.0, rolledBack / (double)rollbacks, $"{rolledBack} tokens in {rollbacks} rollbacks");
        Assert.IsGreaterThan(0, simulation.Plans.Count);
    }

    [TestMethod]
    public void A_group_is_as_large_as_the_token_budget()
    {
        Simulation simulation = Simulate(
            DeterminismMode.Auto, 100, 0.001, plan => (plan.Numerics == Numerics.Invariant ? 3 : 1) * (1 + (0.0001 * plan.Rows)), out _);
        int largest = simulation.Plans.Max(plan => plan.Segments.Count(s => s.Kind == SegmentKind.Verify && s.Rows > 1));
        Assert.IsGreaterThan(new EngineOptions().VerifyGroup, largest);
        Assert.IsTrue(simulation.Plans.TrueForAll(plan => plan.Rows <= new EngineOptions().MaxBatchTokens));
    }

    private static double Run(DeterminismMode mode, int share, double flipRate, Func<BatchPlan, double> cost)
    {
        double time = 0;
        Simulate(mode, share, flipRate, plan =>
        {
            double seconds = cost(plan);
            time += seconds;
            return seconds;
        }, out _);
        return time;
    }

    private static Simulation Simulate(
        DeterminismMode mode, int share, double flipRate, Func<BatchPlan, double> cost, out List<Sequence> sequences, int answer = Answer)
    {
        var simulation = new Simulation(new FlippingModel(flipRate), new EngineOptions { Determinism = mode, MaxSequences = AtOnce })
        {
            CostOf = plan => TimeSpan.FromMilliseconds(cost(plan)),
            ChecksIntegrity = false,
        };
        sequences = [.. Enumerable.Range(0, Requests).Select(i => simulation.Add(new GenerationRequest
        {
            PromptIds = [i],
            MaxTokens = answer,
            IsDeterministic = i * 100 < share * Requests,
            Sampling = new SamplingParameters { Seed = (ulong)i },
        }))];
        simulation.Run();
        return simulation;
    }
}
