using Llm42.Core.Engine;

namespace Llm42.Determinism.Tests;

/// <summary>
/// One answer per request, token ids and log-probability bits, over every policy and any load. Fast numerics split as
/// on 64 cores, so that drafts come from another reduction order than the answers.
/// </summary>
[TestClass]
public sealed class DemoModelTests
{
    private const int Tokens = 40;

    private static readonly (int[] Prompt, GenerationOptions Options)[] Watched =
    [
        (Prompt(70), Options(temperature: 0)),
        (Prompt(33), Options(temperature: 0.8f)),
    ];

    private static Answer[] _reference = [];

    /// <summary>W, G, prefill chunk, page size, threads, drafter.</summary>
    public static IEnumerable<object[]> Policies =>
        from window in new[] { 1, 4, 16, 64 }
        from verifyGroup in new[] { 1, 8 }
        from chunk in new[] { 7, 64, 512 }
        from pageSize in new[] { 8, 16, 64 }
        from threads in new[] { 1, 2 }
        from drafter in new[] { DrafterKind.Same, DrafterKind.None }
        select new object[] { window, verifyGroup, chunk, pageSize, threads, drafter };

    [ClassInitialize]
    public static async Task AnswerAlone(TestContext context)
    {
        // The plainest run there is: one request at a time, one thread, nothing drafted.
        await using InferenceEngine engine = await InferenceEngine.LoadAsync(
            TestModels.Demo,
            new InferenceEngineOptions { Threads = 1, Engine = new EngineOptions { Drafter = DrafterKind.None } },
            cancellationToken: context.CancellationToken);
        List<Answer> answers = [];
        foreach ((int[] prompt, GenerationOptions options) in Watched)
            answers.Add(Answer.Of(await engine.CompleteAsync(prompt, options, context.CancellationToken)));
        _reference = [.. answers];
        Assert.IsTrue(Array.TrueForAll(_reference, answer => answer.TokenIds.Length == Tokens));
    }

    [TestMethod]
    [DynamicData(nameof(Policies))]
    public async Task Answers_do_not_depend_on_policy_or_load(
        int window, int verifyGroup, int chunk, int pageSize, int threads, DrafterKind drafter)
    {
        int seed = HashCode(window, verifyGroup, chunk, pageSize, threads, (int)drafter);
        var random = new Random(seed);
        int batch = random.Next(1, 33);
        await using InferenceEngine engine = await InferenceEngine.LoadAsync(TestModels.Demo, new InferenceEngineOptions
        {
            Threads = threads,
            PlannedThreads = 64,
            PageSize = pageSize,
            Engine = new EngineOptions
            {
                Window = window,
                VerifyGroup = verifyGroup,
                PrefillChunk = chunk,
                Drafter = drafter,
                MaxSequences = 34,
                CheckIntegrity = true,
            },
        });
        Answer[] answers = await new Load(engine, random).RunAsync(Watched, batch - 1);
        for (int i = 0; i < answers.Length; i++)
            _reference[i].AssertSame(answers[i], $"seed {seed}, batch {batch}, request {i}");
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    public async Task Answers_do_not_depend_on_what_the_engine_adapts_to(int threads)
    {
        await using InferenceEngine engine = await InferenceEngine.LoadAsync(TestModels.Demo, new InferenceEngineOptions
        {
            Threads = threads,
            PlannedThreads = 64,
            Engine = new EngineOptions { MaxSequences = 34, CheckIntegrity = true },
        });
        Assert.AreEqual(DeterminismMode.Auto, engine.Engine.Determinism);
        int drafted = 0;
        for (int seed = 0; seed < 12; seed++)
        {
            Answer[] answers = await new Load(engine, new Random(seed)).RunAsync(Watched, 3 * seed);
            for (int i = 0; i < answers.Length; i++)
            {
                _reference[i].AssertSame(answers[i], $"seed {seed}, request {i}");
                drafted += answers[i].Statistics.TokensDrafted;
            }
        }

        Assert.IsGreaterThan(0, drafted, "the engine never tried to draft: nothing was shown");
    }

    [TestMethod]
    public async Task Fast_numerics_give_other_bits_so_that_the_comparison_can_fail()
    {
        await using InferenceEngine engine = await InferenceEngine.LoadAsync(TestModels.Demo, new InferenceEngineOptions { PlannedThreads = 64 });
        Assert.IsFalse(engine.Engine.FastIsInvariant);
        GenerationResult ordinary = await engine.CompleteAsync(Watched[0].Prompt, Watched[0].Options with { IsDeterministic = false });
        Assert.AreNotEqual(_reference[0].Key, Answer.Of(ordinary).Key);
    }

    [TestMethod]
    [DataRow(8)]
    [DataRow(16)]
    [DataRow(64)]
    public async Task A_warm_answer_equals_a_cold_one(int pageSize)
    {
        await using InferenceEngine engine = await InferenceEngine.LoadAsync(TestModels.Demo, new InferenceEngineOptions
        {
            PageSize = pageSize,
            PlannedThreads = 64,
            Engine = new EngineOptions { Drafter = DrafterKind.Same, Window = 16, CheckIntegrity = true },
        });
        for (int time = 0; time < 2; time++)
        {
            for (int i = 0; i < Watched.Length; i++)
            {
                GenerationResult result = await engine.CompleteAsync(Watched[i].Prompt, Watched[i].Options);
                _reference[i].AssertSame(Answer.Of(result), $"time {time}, request {i}");
                // Pages that the first run filled are kept; one token at least is run again.
                int length = Watched[i].Prompt.Length;
                int kept = (length + Tokens - 1) / pageSize * pageSize;
                if (time > 0)
                    Assert.AreEqual(Math.Min(length - 1, kept), result.Usage.CachedTokens);
            }
        }
    }

    private static int[] Prompt(int length) => [0, .. Enumerable.Range(1, length - 1).Select(i => 2 + (i * 37 % 2000))];

    private static GenerationOptions Options(float temperature) => new()
    {
        MaxTokens = Tokens, Temperature = temperature, Seed = 42, IsDeterministic = true, IgnoreEos = true,
    };

    private static int HashCode(params int[] values) => values.Aggregate(17, (hash, value) => unchecked((hash * 31) + value));
}
