using Llm42.Core.Engine;
using Llm42.Testing;

namespace Llm42.Determinism.Tests;

/// <summary>
/// Decoding and scoring give one log-probability: each token of an answer, and what was likely in its place, has the bits
/// that one prefill of prompt and answer gives it.
/// </summary>
[TestClass]
public sealed class ScoringTests
{
    private const int Tokens = 40;
    private const int Top = 5;

    /// <summary>Model, KV dtype.</summary>
    public static IEnumerable<object[]> Models =>
        from model in new[] { "demo", "random", "stories260k-f32", "stories260k-bf16" }
        from kvDtype in new[] { "f32", "bf16" }
        select new object[] { model, kvDtype };

    /// <summary>Drafter, planned threads, page size: of the engine that answers.</summary>
    private static IEnumerable<(DrafterKind Drafter, int PlannedThreads, int PageSize)> Engines =>
    [
        (DrafterKind.None, 1, 16),
        (DrafterKind.None, 64, 8),
        (DrafterKind.Same, 8, 32),
        (DrafterKind.Same, 64, 8),
        (DrafterKind.Same, 64, 64),
    ];

    [TestMethod]
    [DynamicData(nameof(Models))]
    public async Task An_answer_is_scored_as_it_was_decoded(string model, string kvDtype)
    {
        string directory = DirectoryOf(model);
        await using InferenceEngine scoring = await LoadAsync(directory, kvDtype, DrafterKind.None, 1, 16, threads: 1);
        int rollbacks = 0;
        foreach ((DrafterKind drafter, int plannedThreads, int pageSize) in Engines)
        {
            await using InferenceEngine decoding = await LoadAsync(directory, kvDtype, drafter, plannedThreads, pageSize);
            foreach ((int[] prompt, GenerationOptions options) in Requests(decoding.Model.VocabularySize))
            {
                GenerationResult answer = await decoding.CompleteAsync(prompt, options);
                Assert.HasCount(Tokens, answer.Tokens);
                string context = $"drafter {drafter}, planned for {plannedThreads}, pages of {pageSize}, {prompt.Length} prompt tokens, temperature {options.Temperature}";
                Assert.AreEqual("", await FirstDifferenceAsync(scoring, prompt, answer), context);
                Assert.AreEqual("", await FirstDifferenceAsync(decoding, prompt, answer), $"scored where it was decoded: {context}");
                rollbacks += answer.Statistics.Rollbacks;
            }
        }

        if (model == "random")
            Assert.IsGreaterThan(0, rollbacks, "no draft was ever wrong: the drafters showed nothing");
    }

    [TestMethod]
    [DynamicData(nameof(Models))]
    public async Task What_fast_numerics_decoded_is_scored_otherwise(string model, string kvDtype)
    {
        await using InferenceEngine engine = await LoadAsync(DirectoryOf(model), kvDtype, DrafterKind.Same, plannedThreads: 64, pageSize: 16);
        Assert.IsFalse(engine.Engine.FastIsInvariant);
        foreach ((int[] prompt, GenerationOptions options) in Requests(engine.Model.VocabularySize))
        {
            GenerationResult answer = await engine.CompleteAsync(prompt, options with { IsDeterministic = false });
            Assert.AreNotEqual("", await FirstDifferenceAsync(engine, prompt, answer), $"{prompt.Length} prompt tokens");
        }
    }

    private static async Task<string> FirstDifferenceAsync(InferenceEngine engine, int[] prompt, GenerationResult answer)
    {
        ScoreResult score = await engine.ScoreAsync([.. prompt, .. answer.Tokens.Select(token => token.TokenId)], Top);
        for (int i = 0; i < answer.Tokens.Count; i++)
        {
            int position = prompt.Length + i;
            string decoded = Text(answer.Tokens[i].Logprob, answer.Tokens[i].Top!);
            string scored = Text(score.Positions[position].Logprob!.Value, score.Positions[position - 1].Top);
            if (decoded != scored)
                return $"token {i}: decoded {decoded}, scored {scored}";
        }

        return "";
    }

    private static string Text(float logprob, IReadOnlyList<Core.Execution.TokenLogprob> top)
    {
        Assert.HasCount(Top, top);
        return $"{BitConverter.SingleToInt32Bits(logprob):x8} [{string.Join(' ', top.Select(t => $"{t.TokenId} {BitConverter.SingleToInt32Bits(t.Logprob):x8}"))}]";
    }

    /// <summary>Short, over a page edge, and over the place where attention is cut.</summary>
    private static IEnumerable<(int[] Prompt, GenerationOptions Options)> Requests(int vocabulary) =>
        from request in new[] { (Length: 5, Temperature: 0f), (Length: 61, Temperature: 0.9f), (Length: 230, Temperature: 0f) }
        select (
            Enumerable.Range(0, request.Length).Select(i => 3 + (i * 37 % (vocabulary - 3))).ToArray(),
            new GenerationOptions
            {
                MaxTokens = Tokens,
                Temperature = request.Temperature,
                Seed = 42,
                IsDeterministic = true,
                IgnoreEos = true,
                TopLogprobs = Top,
            });

    private static string DirectoryOf(string model) => model switch
    {
        "demo" => TestModels.Demo,
        "random" => TestModels.Flat,
        _ => RepositoryRoot.InShared($"data/models/{model}"),
    };

    private static Task<InferenceEngine> LoadAsync(
        string directory, string kvDtype, DrafterKind drafter, int plannedThreads, int pageSize, int threads = 0) =>
        InferenceEngine.LoadAsync(directory, new InferenceEngineOptions
        {
            KvDtype = kvDtype,
            Threads = threads,
            PlannedThreads = plannedThreads,
            PageSize = pageSize,
            Engine = new EngineOptions { Drafter = drafter, Window = 16, CheckIntegrity = true },
        });
}
