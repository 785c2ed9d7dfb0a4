using Llm42.Core.Engine;

namespace Llm42.Determinism.Tests;

/// <summary>
/// The control that shows that the other tests could fail: where logits are nearly flat, fast numerics with the
/// splits of a many-core machine answer differently under different load, and determinism makes them one again.
/// </summary>
[TestClass]
public sealed class NaturalControlTests
{
    private const int Runs = 12;

    [TestMethod]
    public async Task Without_determinism_the_load_changes_the_answer()
    {
        Answer[] answers = await RunsAsync(deterministic: false, DrafterKind.Same, plannedThreads: 64);
        Assert.IsGreaterThan(1, answers.Select(a => string.Join(',', a.TokenIds)).Distinct().Count());
    }

    [TestMethod]
    [DataRow(DrafterKind.Same)]
    [DataRow(DrafterKind.None)]
    public async Task With_determinism_there_is_one_answer(DrafterKind drafter)
    {
        Answer[] answers = await RunsAsync(deterministic: true, drafter, plannedThreads: 64);
        foreach (Answer answer in answers)
            answers[0].AssertSame(answer, $"drafter {drafter}");
        if (drafter == DrafterKind.Same)
            Assert.IsGreaterThan(0, answers.Sum(a => a.Statistics.Rollbacks), "no draft was ever wrong: nothing was shown");
    }

    [TestMethod]
    public async Task With_penalties_along_wrong_drafts_there_is_one_answer()
    {
        var penalties = new GenerationOptions { RepetitionPenalty = 1.05f, PresencePenalty = 0.01f, FrequencyPenalty = 0.02f };
        Answer[] alone = await RunsAsync(deterministic: true, DrafterKind.None, plannedThreads: 64, penalties: penalties);
        Answer[] answers = await RunsAsync(deterministic: true, DrafterKind.Same, plannedThreads: 64, penalties: penalties);
        foreach (Answer answer in answers)
            alone[0].AssertSame(answer, "with penalties");
        Assert.IsGreaterThan(0, answers.Sum(a => a.Statistics.Rollbacks), "no draft was ever wrong: nothing was shown");
        Answer[] without = await RunsAsync(deterministic: true, DrafterKind.None, plannedThreads: 64);
        Assert.AreNotEqual(without[0].Key, alone[0].Key, "the penalties change nothing: nothing was shown");
    }

    [TestMethod]
    public async Task Without_rollback_drafts_leak_into_the_answer()
    {
        Answer[] answers = await RunsAsync(deterministic: true, DrafterKind.Same, plannedThreads: 64, skipMismatch: 0);
        Assert.IsGreaterThan(1, answers.Select(a => a.Key).Distinct().Count());
    }

    [TestMethod]
    public async Task Where_no_split_pays_fast_numerics_are_invariant_and_say_so()
    {
        await using (InferenceEngine engine = await LoadAsync(DrafterKind.Auto, plannedThreads: 2, skipMismatch: 100))
            Assert.IsTrue(engine.Engine.FastIsInvariant);
        Answer[] fast = await RunsAsync(deterministic: false, DrafterKind.Auto, plannedThreads: 2);
        Answer[] deterministic = await RunsAsync(deterministic: true, DrafterKind.Auto, plannedThreads: 2);
        foreach (Answer answer in fast.Concat(deterministic))
            fast[0].AssertSame(answer, "planned for 2 threads");
    }

    private static Task<InferenceEngine> LoadAsync(DrafterKind drafter, int plannedThreads, double skipMismatch) =>
        InferenceEngine.LoadAsync(TestModels.Flat, new InferenceEngineOptions
        {
            PlannedThreads = plannedThreads,
            Engine = new EngineOptions { Drafter = drafter, Window = 16, SkipMismatch = skipMismatch },
        });

    /// <summary>The same request alone and amid 1 to 16 neighbours.</summary>
    private static async Task<Answer[]> RunsAsync(
        bool deterministic, DrafterKind drafter, int plannedThreads, double skipMismatch = 100, GenerationOptions? penalties = null)
    {
        await using InferenceEngine engine = await LoadAsync(drafter, plannedThreads, skipMismatch);
        (int[], GenerationOptions)[] watched =
        [
            ([1, 5, 9, 13], (penalties ?? new GenerationOptions()) with { MaxTokens = 48, Temperature = 0, IsDeterministic = deterministic, IgnoreEos = true }),
        ];
        List<Answer> answers = [];
        for (int run = 0; run < Runs; run++)
            answers.AddRange(await new Load(engine, new Random(run)).RunAsync(watched, run == 0 ? 0 : 1 + (run * 5 % 16)));
        return [.. answers];
    }
}
