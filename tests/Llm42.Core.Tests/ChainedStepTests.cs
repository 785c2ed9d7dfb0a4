using Llm42.Core.Engine;
using Llm42.Core.Requests;
using Llm42.Core.Scheduling;

namespace Llm42.Core.Tests;

/// <summary>Several decode steps in one plan: as many as nobody has to look at a token for, and no more.</summary>
[TestClass]
public sealed class ChainedStepTests
{
    private static readonly EngineOptions Options = new()
    {
        Determinism = DeterminismMode.Dvr, Window = 8, ChainedSteps = 5, MaxSequences = 8, MaxBatchTokens = 64,
    };

    [TestMethod]
    public void A_window_is_drafted_in_chains_that_end_with_it()
    {
        var simulation = new Simulation(new FakeModel { FlipOneIn = int.MaxValue }, Options);
        Sequence sequence = simulation.Add(Requests.Of(10, 40, deterministic: true));
        simulation.Run();

        // The prompt brings a token; then chains of 5 and 3 drafts and the pass that verifies them, which brings 9.
        (SegmentKind, int)[] cycle = [(SegmentKind.Decode, 5), (SegmentKind.Decode, 3), (SegmentKind.Verify, 1)];
        CollectionAssert.AreEqual(
            ((SegmentKind, int)[])[(SegmentKind.Prefill, 1), .. cycle, .. cycle, .. cycle, .. cycle, (SegmentKind.Decode, 2), (SegmentKind.Verify, 1)],
            simulation.Plans.Select(plan => (plan.Segments[0].Kind, plan.Steps)).ToArray());
        CollectionAssert.AreEqual(FakeModel.CanonicalAnswer(sequence.Request, 40), Simulation.AnswerOf(sequence));
    }

    [TestMethod]
    public void The_executor_says_how_long_a_chain_is_where_nobody_else_does()
    {
        foreach ((int asked, int suits, int steps) in ((int, int, int)[])[(0, 1, 1), (0, 4, 4), (2, 4, 2), (6, 1, 6)])
        {
            var simulation = new Simulation(
                new FakeModel { ChainedSteps = suits }, Options with { Window = 32, ChainedSteps = asked });
            simulation.Add(Requests.Of(10, 30, deterministic: true));
            simulation.Run();
            Assert.AreEqual(steps, simulation.Plans.Max(plan => plan.Steps), $"{asked} asked for, {suits} suit");
        }
    }

    [TestMethod]
    public void A_stop_token_ends_an_answer_inside_of_a_chain()
    {
        foreach (bool deterministic in (bool[])[false, true])
        {
            GenerationRequest request = Requests.Of(10, 40, deterministic);
            int[] whole = FakeModel.CanonicalAnswer(request, 40);
            int place = Enumerable.Range(2, 5).First(i => Array.IndexOf(whole, whole[i]) == i);
            var simulation = new Simulation(new FakeModel { FlipOneIn = int.MaxValue }, Options with { Window = 16, ChainedSteps = 16 });
            Sequence sequence = simulation.Add(request with { StopTokenIds = new HashSet<int> { whole[place] } });
            simulation.Run();

            Assert.IsTrue(simulation.Plans.Exists(plan => plan.Steps > place), "the chain ends before the stop token");
            CollectionAssert.AreEqual(whole[..(place + 1)], Simulation.AnswerOf(sequence));
            Assert.AreEqual(FinishReason.Stop, sequence.FinishReason);
            if (deterministic)
                Assert.AreEqual(place, sequence.Statistics.TokensDrafted, "drafts behind one that may end the answer are idle");
        }
    }

    [TestMethod]
    public void No_chain_outlasts_the_shortest_answer()
    {
        var simulation = new Simulation(new FakeModel(), Options);
        simulation.Add(Requests.Of(10, 4, deterministic: false));
        simulation.Add(Requests.Of(10, 30, deterministic: false, seed: 1));
        simulation.Run();
        Assert.AreEqual(3, simulation.Plans.First(plan => plan.Segments.Count == 2 && plan.Segments[0].Kind == SegmentKind.Decode).Steps);
    }

    [TestMethod]
    public void Penalties_and_bias_are_looked_at_step_by_step()
    {
        GenerationRequest[] requests =
        [
            Requests.Of(10, 20, deterministic: true) with { Sampling = new SamplingParameters { RepetitionPenalty = 1.1f } },
            Requests.Of(10, 20, deterministic: true) with { Sampling = new SamplingParameters { LogitBias = new Dictionary<int, float> { [3] = 1 } } },
        ];
        foreach (GenerationRequest request in requests)
        {
            var simulation = new Simulation(new FakeModel(), Options);
            simulation.Add(request);
            simulation.Run();
            Assert.IsTrue(simulation.Plans.TrueForAll(plan => plan.Steps == 1));
        }
    }

    [TestMethod]
    public void A_chain_takes_free_pages_only()
    {
        // Of 6 pages one request needs 4 in the end and the other one 3.
        Assert.AreEqual(PositionAtPreemption(chainedSteps: 1), PositionAtPreemption(chainedSteps: 16));
    }

    private static int PositionAtPreemption(int chainedSteps)
    {
        int longest = 0, atPreemption = 0;
        Sequence? second = null;
        var simulation = new Simulation(
            new FakeModel(pageSize: 8, pages: 6), Options with { Window = 32, ChainedSteps = chainedSteps, PrefixCache = false })
        {
            Planned = _ =>
            {
                if (second!.Statistics.Preemptions > 0 && atPreemption == 0)
                    atPreemption = longest;
            },
            Applied = _ => longest = Math.Max(longest, second!.Tokens.Count + second.Drafts.Count),
        };
        Sequence first = simulation.Add(Requests.Of(10, 20, deterministic: true));
        second = simulation.Add(Requests.Of(10, 12, deterministic: true, seed: 1));
        simulation.Run();

        CollectionAssert.AreEqual(FakeModel.CanonicalAnswer(first.Request, 20), Simulation.AnswerOf(first));
        CollectionAssert.AreEqual(FakeModel.CanonicalAnswer(second.Request, 12), Simulation.AnswerOf(second));
        Assert.IsGreaterThan(0, atPreemption, "nobody was preempted");
        return atPreemption;
    }
}
