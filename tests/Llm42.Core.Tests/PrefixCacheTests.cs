using Llm42.Core.Engine;
using Llm42.Core.Requests;
using Llm42.Core.Scheduling;

namespace Llm42.Core.Tests;

/// <summary>A warm answer equals a cold one, and costs the rows that differ.</summary>
[TestClass]
public sealed class PrefixCacheTests
{
    private const int PageSize = 8;

    private static readonly EngineOptions Options = new()
    {
        Window = 8, Drafter = DrafterKind.Same, MaxSequences = 16, MaxBatchTokens = 256,
    };

    [TestMethod]
    [DataRow(7, 6, 1)]
    [DataRow(8, 7, 1)]
    [DataRow(9, 8, 0)]
    [DataRow(16, 15, 1)]
    [DataRow(21, 20, 1)]
    [DataRow(33, 32, 0)]
    public void The_same_prompt_again_runs_one_row(int promptLength, int cached, int copies)
    {
        var simulation = Simulate();
        GenerationRequest request = Requests.Of(promptLength, 20, deterministic: true, 3);
        Answer(simulation, request);
        int steps = simulation.Plans.Count;
        Sequence warm = Answer(simulation, request);
        Assert.AreEqual(cached, warm.Statistics.CachedTokens);
        Assert.AreEqual(1, simulation.Plans[steps].Rows);
        Assert.HasCount(copies, simulation.Plans[steps].Copies);
        CollectionAssert.AreEqual(FakeModel.CanonicalAnswer(request, 20), Simulation.AnswerOf(warm));
    }

    [TestMethod]
    public void Prompts_that_part_inside_a_page_share_what_they_have_in_common()
    {
        var simulation = Simulate();
        GenerationRequest first = Requests.Of(30, 10, deterministic: true, 3);
        int[] other = [.. first.PromptIds];
        other[20] = (other[20] + 1) % FakeModel.Vocabulary;
        GenerationRequest second = first with { PromptIds = other };
        Answer(simulation, first);
        Sequence warm = Answer(simulation, second);
        Assert.AreEqual(20, warm.Statistics.CachedTokens, "two full pages and four positions of a copied one");
        CollectionAssert.AreEqual(FakeModel.CanonicalAnswer(second, 10), Simulation.AnswerOf(warm));
        Sequence again = Answer(simulation, first);
        CollectionAssert.AreEqual(FakeModel.CanonicalAnswer(first, 10), Simulation.AnswerOf(again), "the copied page itself was changed");
    }

    [TestMethod]
    public void An_answer_can_be_the_next_prompt()
    {
        var simulation = Simulate();
        GenerationRequest turn = Requests.Of(10, 40, deterministic: true, 3);
        Sequence first = Answer(simulation, turn);
        GenerationRequest next = turn with { PromptIds = [.. first.Tokens, 1, 2, 3] };
        Sequence second = Answer(simulation, next);
        Assert.AreEqual(48, second.Statistics.CachedTokens, "six full pages; the last token of the answer was never run");
        CollectionAssert.AreEqual(FakeModel.CanonicalAnswer(next, 40), Simulation.AnswerOf(second));
    }

    [TestMethod]
    public void What_fast_steps_wrote_is_never_shared()
    {
        var simulation = Simulate();
        GenerationRequest ordinary = Requests.Of(10, 40, deterministic: false, 3);
        Sequence first = Answer(simulation, ordinary);
        GenerationRequest next = ordinary with { PromptIds = [.. first.Tokens, 1, 2, 3], IsDeterministic = true };
        Sequence second = Answer(simulation, next);
        Assert.AreEqual(8, second.Statistics.CachedTokens, "the prompt's one full page: prefill alone is canonical here");
        CollectionAssert.AreEqual(FakeModel.CanonicalAnswer(next, 40), Simulation.AnswerOf(second));
    }

    [TestMethod]
    public void Two_requests_that_fill_the_same_pages_at_once_both_keep_their_own()
    {
        var simulation = Simulate();
        GenerationRequest request = Requests.Of(30, 30, deterministic: true, 3);
        Sequence[] both = [simulation.Add(request), simulation.Add(request)];
        simulation.Run();
        foreach (Sequence sequence in both)
        {
            Assert.AreEqual(0, sequence.Statistics.CachedTokens);
            CollectionAssert.AreEqual(FakeModel.CanonicalAnswer(request, 30), Simulation.AnswerOf(sequence));
        }

        // 59 positions were computed by each: seven full pages, of which one copy is worth keeping.
        Assert.AreEqual(7, simulation.Scheduler.Pool.CachedCount);
    }

    [TestMethod]
    public void Pages_are_taken_back_the_longest_unused_first()
    {
        var simulation = Simulate(pages: 12);
        GenerationRequest old = Requests.Of(24, 9, deterministic: true, 1);
        GenerationRequest recent = Requests.Of(24, 9, deterministic: true, 2);
        Answer(simulation, old);
        Answer(simulation, recent);
        // Eight pages are cached; this one needs eight, of which four are free.
        Answer(simulation, Requests.Of(50, 9, deterministic: true, 3));
        Sequence stillThere = Answer(simulation, recent);
        Assert.AreEqual(23, stillThere.Statistics.CachedTokens);
        Sequence gone = Answer(simulation, old);
        Assert.AreEqual(0, gone.Statistics.CachedTokens);
        CollectionAssert.AreEqual(FakeModel.CanonicalAnswer(old, 9), Simulation.AnswerOf(gone));
    }

    [TestMethod]
    public void A_page_that_waits_to_be_copied_does_not_keep_an_older_request_from_running()
    {
        var simulation = Simulate(pages: 4);
        GenerationRequest first = Requests.Of(10, 1, deterministic: true, 1);
        Answer(simulation, first);
        Assert.AreEqual(1, simulation.Scheduler.Pool.CachedCount);
        // The older one needs every page; the younger one was given a copy of the cached page in the same step.
        GenerationRequest large = Requests.Of(25, 4, deterministic: true, 2);
        GenerationRequest small = first with { PromptIds = [.. first.PromptIds.Take(5)], MaxTokens = 10 };
        Sequence[] both = [simulation.Add(large), simulation.Add(small)];
        simulation.Run();
        foreach (Sequence sequence in both)
            CollectionAssert.AreEqual(
                FakeModel.CanonicalAnswer(sequence.Request, sequence.TokenLimit), Simulation.AnswerOf(sequence));
        Assert.AreEqual(1, both[1].Statistics.Preemptions);
    }

    [TestMethod]
    public void A_scored_prompt_runs_every_row()
    {
        var simulation = Simulate();
        GenerationRequest request = Requests.Of(30, 4, deterministic: true, 3);
        Answer(simulation, request);
        Sequence scored = Answer(simulation, request with { ScorePrompt = true });
        Assert.AreEqual(0, scored.Statistics.CachedTokens);
        Assert.HasCount(30, scored.PromptScores);
    }

    [TestMethod]
    public void Nothing_is_kept_when_switched_off_or_with_the_fixed_shape_verifier()
    {
        foreach (EngineOptions options in new[]
        {
            Options with { PrefixCache = false },
            Options with { Verifier = VerifierKind.FixedShape },
        })
        {
            var simulation = new Simulation(new FakeModel(PageSize), options);
            GenerationRequest request = Requests.Of(30, 4, deterministic: true, 3);
            Answer(simulation, request);
            Assert.AreEqual(0, Answer(simulation, request).Statistics.CachedTokens);
            Assert.AreEqual(0, simulation.Scheduler.Pool.CachedCount);
        }
    }

    private static Simulation Simulate(int pages = 256) => new(new FakeModel(PageSize, pages) { FlipOneIn = 3 }, Options);

    private static Sequence Answer(Simulation simulation, GenerationRequest request)
    {
        Sequence sequence = simulation.Add(request);
        simulation.Run();
        return sequence;
    }
}
