using Llm42.Core.Engine;
using Llm42.Testing;

namespace Llm42.Determinism.Tests;

/// <summary>The contract on a random model of each architecture; windows, biases, head norms and experts are in their steps.</summary>
[TestClass]
public sealed class ArchitectureTests
{
    private const int Tokens = 24;

    // As many as the models have experts per token, and more: some rows of a step always meet in an expert.
    private const int Neighbours = 8;

    private static readonly EngineOptions[] Policies =
    [
        new() { Determinism = DeterminismMode.Invariant, PrefillChunk = 7 },
        new() { Determinism = DeterminismMode.Dvr, Window = 4, VerifyGroup = 2, SkipMismatch = 50 },
        new() { Determinism = DeterminismMode.Dvr, Window = 16, PrefillChunk = 13 },
    ];

    [TestMethod]
    [DynamicData(nameof(Architectures.Rows), typeof(Architectures))]
    public async Task Answers_do_not_depend_on_policy_or_load(string name)
    {
        string model = Architectures.Folder(name);
        (int[] Prompt, GenerationOptions Options)[] watched = [(Prompt(70), Options(temperature: 0)), (Prompt(33), Options(temperature: 1))];
        List<Answer> alone = [];
        await using (InferenceEngine engine = await InferenceEngine.LoadAsync(
            model, new InferenceEngineOptions { Threads = 1, Engine = new EngineOptions { Determinism = DeterminismMode.Invariant, PrefixCache = false } }))
        {
            foreach ((int[] prompt, GenerationOptions options) in watched)
                alone.Add(Answer.Of(await engine.CompleteAsync(prompt, options)));
        }

        int drafted = 0;
        for (int i = 0; i < Policies.Length; i++)
        {
            await using InferenceEngine engine = await InferenceEngine.LoadAsync(model, new InferenceEngineOptions
            {
                Threads = 1 + (i % 2),
                PlannedThreads = 64,
                PageSize = 8 << i,
                KvPages = 256,
                Engine = Policies[i] with { MaxSequences = 16, CheckIntegrity = true },
            });
            // The second time around prefixes are cached, and each request runs beside its own double.
            for (int time = 0; time < 2; time++)
            {
                Answer[] answers = await new Load(engine, new Random(i)).RunAsync([.. watched, .. watched], Neighbours);
                for (int j = 0; j < answers.Length; j++)
                {
                    alone[j % watched.Length].AssertSame(answers[j], $"{name}, policy {i}, time {time}, request {j}");
                    drafted += answers[j].Statistics.TokensDrafted;
                }
            }

            // Had ordinary answers the same bits, the comparison would say nothing.
            GenerationResult ordinary = await engine.CompleteAsync(watched[0].Prompt, watched[0].Options with { IsDeterministic = false });
            Assert.AreNotEqual(alone[0].Key, Answer.Of(ordinary).Key, $"{name}, policy {i}");
        }

        Assert.IsGreaterThan(0, drafted, name);
    }

    private static int[] Prompt(int length) => [.. Enumerable.Range(0, length).Select(i => 3 + (i * 37 % 250))];

    private static GenerationOptions Options(float temperature) => new()
    {
        MaxTokens = Tokens, Temperature = temperature, Seed = 42, IsDeterministic = true, IgnoreEos = true,
    };
}
