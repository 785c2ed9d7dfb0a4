using Llm42.Core.Engine;

namespace Llm42.Determinism.Tests;

/// <summary>The published protocol: one answer under any load, as long as window and group stay what they are.</summary>
[TestClass]
public sealed class FixedShapeTests
{
    [TestMethod]
    public async Task One_answer_under_any_load()
    {
        await using InferenceEngine engine = await InferenceEngine.LoadAsync(TestModels.Demo, new InferenceEngineOptions
        {
            PlannedThreads = 64,
            Engine = new EngineOptions { Verifier = VerifierKind.FixedShape, Window = 16, VerifyGroup = 4, CheckIntegrity = true },
        });
        (int[], GenerationOptions)[] watched =
        [
            ([0, 7, 77, 777], new GenerationOptions { MaxTokens = 50, Temperature = 0.8f, Seed = 7, IsDeterministic = true, IgnoreEos = true }),
        ];
        Answer? first = null;
        for (int seed = 0; seed < 10; seed++)
        {
            Answer[] answers = await new Load(engine, new Random(seed)).RunAsync(watched, seed * 3);
            first ??= answers[0];
            first.AssertSame(answers[0], $"seed {seed}");
        }
    }
}
