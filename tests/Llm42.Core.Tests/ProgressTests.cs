using Llm42.Core.Engine;
using Llm42.Core.Requests;

namespace Llm42.Core.Tests;

/// <summary>
/// No deadlock, no livelock, no starvation, as a bound on the number of steps.
/// <para>
/// Of deterministic and of ordinary requests alike: those that run are older than those that wait, since arrivals are
/// the youngest, the oldest is admitted first, and the youngest is preempted. So the leader, that is the oldest
/// deterministic request that runs, or the oldest ordinary one where none does, loses its pages only if it is ordinary
/// and a deterministic one has been admitted, which then leads until it ends.
/// </para>
/// <para>
/// Let S be MaxSequences. Once its prompt has run, the leader has a row in every step until its window is full, W steps
/// at most, and then waits for at most S passes: a pass is invariant, so that nobody begins a window in it, and those
/// that are ahead become fewer. Each pass commits one token or more, and committed tokens are never lost. So an answer
/// of L tokens takes (W + S) L steps while its request leads.
/// </para>
/// <para>
/// Before that, the leader has prefill rows in every step in which the budget is not used up: a chunk of them where the
/// budget holds S windows and S chunks, one or more where it is tight. It runs its prompt again after each of the at
/// most D admissions of a deterministic request that took the lead from it. A tight budget is used up by windows, and
/// then a token of another answer is committed, or by the prompts of older ordinary requests, each of which they run
/// as often as they are preempted, and once more.
/// </para>
/// </summary>
[TestClass]
public sealed class ProgressTests
{
    private const int PageSize = 8;
    private const int MostSteps = 100_000;

    public static IEnumerable<object[]> Seeds => Enumerable.Range(0, 120).Select(seed => new object[] { seed });

    [TestMethod]
    [DynamicData(nameof(Seeds))]
    public void A_cache_that_holds_barely_one_request_answers_them_all_within_the_bound(int seed)
    {
        var random = new Random(seed);
        int window = Pick(random, 1, 2, 5, 16), maxSequences = Pick(random, 1, 2, 4, 8), chunk = Pick(random, 1, 5, 64);
        bool isTight = random.Next(2) == 0;
        var options = new EngineOptions
        {
            Window = window,
            VerifyGroup = Pick(random, 1, 2, 8),
            MaxSequences = maxSequences,
            PrefillChunk = chunk,
            MaxBatchTokens = isTight ? maxSequences + window + 1 + random.Next(3) : maxSequences * (window + 1 + chunk),
            Drafter = random.Next(4) == 0 ? DrafterKind.None : DrafterKind.Same,
            PrefixCache = random.Next(2) == 0,
            SkipMismatch = Pick(random, 100, 50),
        };
        List<GenerationRequest> requests = [];
        int count = random.Next(2, 25);
        for (int i = 0; i < count; i++)
        {
            requests.Add(Requests.Of(random.Next(1, 60), random.Next(1, 40), random.Next(3) > 0, (ulong)random.Next(3)) with
            {
                ScorePrompt = random.Next(6) == 0,
            });
        }

        int longest = requests.Max(request => request.PromptIds.Count + request.MaxTokens);
        int pages = ((longest + PageSize - 1) / PageSize) + random.Next(2);
        var simulation = new Simulation(new FakeModel(PageSize, pages) { FlipOneIn = Pick(random, 2, 10) }, options);
        List<Sequence> sequences = [];
        int steps = 0;
        foreach (GenerationRequest request in requests)
        {
            sequences.Add(simulation.Add(request));
            for (int pause = random.Next(4); pause > 0 && simulation.Step(); pause--)
                steps++;
        }

        string context = $"seed {seed}, {options}, {pages} pages, {count} requests";
        while (simulation.Step())
            Assert.IsLessThan(MostSteps, ++steps, context);
        int bound = requests.Sum(request => StepsWhileLeading(
            request, options, requests.Count(r => r.IsDeterministic), isTight ? 1 : options.PrefillChunk));
        if (isTight)
            bound += sequences.Sum(s => s.TokenLimit + (s.Request.IsDeterministic ? 0 : (1 + s.Statistics.Preemptions) * s.Tokens.Count));
        Assert.IsLessThanOrEqualTo(bound, steps, context);
        foreach (Sequence sequence in sequences)
        {
            Assert.AreEqual(FinishReason.Length, sequence.FinishReason, $"request {sequence.Id}, {context}");
            if (sequence.Request.IsDeterministic)
                CollectionAssert.AreEqual(FakeModel.CanonicalAnswer(sequence.Request, sequence.TokenLimit), Simulation.AnswerOf(sequence), context);
        }

        Assert.AreEqual(0, sequences.Find(s => s.Request.IsDeterministic)?.Statistics.Preemptions ?? 0, $"the oldest deterministic request, {context}");
    }

    [TestMethod]
    [DataRow(1, 1, 6)]
    [DataRow(1, 1, 9)]
    [DataRow(4, 1, 7)]
    [DataRow(4, 2, 11)]
    [DataRow(16, 1, 13)]
    public void An_old_request_is_answered_whatever_else_keeps_coming(int window, int verifyGroup, int pause)
    {
        var options = new EngineOptions
        {
            Window = window,
            VerifyGroup = verifyGroup,
            MaxSequences = 8,
            MaxBatchTokens = 8 * (window + 1 + 8),
            PrefillChunk = 8,
            Drafter = DrafterKind.Same,
        };
        var simulation = new Simulation(new FakeModel(PageSize, pages: 64) { FlipOneIn = 3 }, options);
        Sequence old = simulation.Add(Requests.Of(20, 40, deterministic: true));
        int bound = StepsWhileLeading(old.Request, options, 1, options.PrefillChunk);
        for (int step = 0; old.FinishReason is null; step++)
        {
            Assert.IsLessThan(bound, step, $"{old.CommittedCount} of 40 tokens");
            // Short ones, each with a window of its own as soon as it can have one.
            for (int i = 0; i < 8 && step % pause == 0; i++)
                simulation.Add(Requests.Of(1, 3, deterministic: true, (ulong)(1 + (8 * step) + i)));
            simulation.Step();
        }

        Assert.AreEqual(0, old.Statistics.Preemptions);
        Assert.IsGreaterThan(0, old.Statistics.VerificationWindows, "it never waited for a verify pass");
    }

    private static int StepsWhileLeading(GenerationRequest request, EngineOptions options, int deterministic, int chunk)
    {
        int positions = request.PromptIds.Count + request.MaxTokens;
        int prefill = (positions + chunk - 1) / chunk;
        int times = request.IsDeterministic ? 1 : 1 + deterministic;
        return (times * prefill) + ((options.Window + options.MaxSequences) * Math.Max(1, request.MaxTokens));
    }

    private static T Pick<T>(Random random, params ReadOnlySpan<T> values) => values[random.Next(values.Length)];
}
