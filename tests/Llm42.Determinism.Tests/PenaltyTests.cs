using Llm42.Core.Engine;

namespace Llm42.Determinism.Tests;

/// <summary>Penalties and bias along drafts of which many are dropped: one answer per request all the same.</summary>
[TestClass]
public sealed class PenaltyTests
{
    private const int Tokens = 48;

    private static readonly (int[] Prompt, GenerationOptions Options)[] Watched =
    [
        (Prompt(40), Options(0) with { RepetitionPenalty = 1.3f }),
        (Prompt(21), Options(0.8f) with { PresencePenalty = 0.7f, FrequencyPenalty = 0.3f }),
        (Prompt(40), Options(0) with { FrequencyPenalty = -0.5f, LogitBias = Bias((262, 4), (300, -100), (5, 1.5f)) }),
        (Prompt(9), Options(1) with { RepetitionPenalty = 0.9f, PresencePenalty = -0.4f, LogitBias = Bias((77, 2)), TopK = 40 }),
        (Prompt(40), Options(0.8f)),
    ];

    private static string[] _reference = [];

    [ClassInitialize]
    public static async Task AnswerAlone(TestContext context)
    {
        await using InferenceEngine engine = await InferenceEngine.LoadAsync(
            TestModels.Demo,
            new InferenceEngineOptions { Threads = 1, Engine = new EngineOptions { Drafter = DrafterKind.None } },
            cancellationToken: context.CancellationToken);
        List<string> answers = [];
        foreach ((int[] prompt, GenerationOptions options) in Watched)
            answers.Add(Key(await engine.CompleteAsync(prompt, options, context.CancellationToken)));
        _reference = [.. answers];
    }

    [TestMethod]
    [DataRow(4, 25.0)]
    [DataRow(16, 25.0)]
    [DataRow(64, 25.0)]
    [DataRow(16, 100.0)]
    public async Task Answers_among_others_are_those_given_alone(int window, double skipMismatch)
    {
        await using InferenceEngine engine = await InferenceEngine.LoadAsync(TestModels.Demo, Drafting(window, skipMismatch));
        for (int seed = 0; seed < 3; seed++)
        {
            // Neighbours with and without, drawn anew for each seed.
            var random = new Random(seed);
            Task[] neighbours = [.. Enumerable.Range(0, random.Next(1, 12)).Select(i => engine.CompleteAsync(
                Prompt(random.Next(1, 60)),
                Options(random.Next(2)) with
                {
                    Seed = (ulong)random.Next(),
                    MaxTokens = random.Next(1, Tokens),
                    IsDeterministic = random.Next(2) == 0,
                    RepetitionPenalty = random.Next(2) == 0 ? null : 1.2f,
                }))];
            Task<GenerationResult>[] watched = [.. Watched.Select(request => engine.CompleteAsync(request.Prompt, request.Options))];
            GenerationResult[] results = await Task.WhenAll(watched);
            await Task.WhenAll(neighbours);
            for (int i = 0; i < results.Length; i++)
            {
                Assert.AreEqual(_reference[i], Key(results[i]), $"seed {seed}, window {window}, request {i}");
                if (skipMismatch < 100)
                    Assert.IsGreaterThan(0, results[i].Statistics.Rollbacks, $"seed {seed}, window {window}, request {i}: nothing was dropped");
            }
        }
    }

    [TestMethod]
    public async Task Fast_numerics_give_other_bits_so_that_the_comparison_can_fail()
    {
        await using InferenceEngine engine = await InferenceEngine.LoadAsync(TestModels.Demo, Drafting(16, 100));
        Assert.IsFalse(engine.Engine.FastIsInvariant);
        for (int i = 0; i < Watched.Length; i++)
        {
            GenerationOptions ordinary = Watched[i].Options with { IsDeterministic = false };
            Assert.AreNotEqual(_reference[i], Key(await engine.CompleteAsync(Watched[i].Prompt, ordinary)), $"request {i}");
        }
    }

    [TestMethod]
    public async Task A_bias_bans_a_token_or_forces_it()
    {
        await using InferenceEngine engine = await InferenceEngine.LoadAsync(TestModels.Demo, Drafting(16, 25));
        GenerationResult plain = await engine.CompleteAsync(Prompt(40), Options(0));
        int common = plain.TokenIds.GroupBy(id => id).MaxBy(group => group.Count())!.Key;
        GenerationResult banned = await engine.CompleteAsync(Prompt(40), Options(0.8f) with { LogitBias = Bias((common, -100)) });
        Assert.DoesNotContain(common, banned.TokenIds);
        GenerationResult forced = await engine.CompleteAsync(Prompt(40), Options(0.8f) with { LogitBias = Bias((77, 100)) });
        Assert.IsTrue(forced.TokenIds.All(id => id == 77));
    }

    [TestMethod]
    public async Task Several_answers_are_those_of_their_seeds_alone()
    {
        await using InferenceEngine engine = await InferenceEngine.LoadAsync(TestModels.Demo, Drafting(16, 25));
        (int[] prompt, GenerationOptions options) = Watched[1];
        IReadOnlyList<GenerationResult> together = await engine.CompleteAllAsync(prompt, options with { N = 6 });
        Assert.AreEqual(_reference[1], Key(together[0]));
        for (int i = 0; i < together.Count; i++)
        {
            GenerationResult alone = await engine.CompleteAsync(prompt, options with { Seed = options.Seed + (ulong)i });
            Assert.AreEqual(Key(alone), Key(together[i]), $"answer {i}");
        }
    }

    private static InferenceEngineOptions Drafting(int window, double skipMismatch) => new()
    {
        PlannedThreads = 64,
        Engine = new EngineOptions { Drafter = DrafterKind.Same, Window = window, SkipMismatch = skipMismatch, CheckIntegrity = true },
    };

    private static int[] Prompt(int length) => [0, .. Enumerable.Range(1, length - 1).Select(i => 2 + (i * 37 % 2000))];

    private static GenerationOptions Options(float temperature) => new()
    {
        MaxTokens = Tokens, Temperature = temperature, Seed = 42, IsDeterministic = true, IgnoreEos = true, TopLogprobs = 3,
    };

    private static Dictionary<int, float> Bias(params (int Token, float Bias)[] entries) =>
        entries.ToDictionary(entry => entry.Token, entry => entry.Bias);

    /// <summary>Ids and bits, those of the most likely tokens included.</summary>
    private static string Key(GenerationResult result) => string.Join('\n', result.Tokens.Select(token =>
        $"{token.TokenId} {BitConverter.SingleToInt32Bits(token.Logprob):x8} " +
        string.Join(' ', token.Top!.Select(top => $"{top.TokenId}:{BitConverter.SingleToInt32Bits(top.Logprob):x8}"))));
}
