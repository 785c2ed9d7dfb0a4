using Llm42.Core.Engine;

namespace Llm42.Determinism.Tests;

/// <summary>
/// A chain of decode steps on the device brings what as many single steps bring: alone, the batch has the same shape
/// in each, so that even ordinary answers must have the same bits.
/// </summary>
[TestClass]
public sealed class ChainedStepTests
{
    [TestMethod]
    [DataRow(0f, false)]
    [DataRow(1f, false)]
    [DataRow(0f, true)]
    [DataRow(1f, true)]
    public async Task A_chain_brings_the_bits_of_single_steps(float temperature, bool deterministic)
    {
        Answer single = await AnswerAsync(1, temperature, deterministic);
        foreach (int chainedSteps in (int[])[2, 7, 64])
        {
            Answer chained = await AnswerAsync(chainedSteps, temperature, deterministic);
            single.AssertSame(chained, $"chains of {chainedSteps}");
            Assert.AreEqual(single.Statistics.TokensRolledBack, chained.Statistics.TokensRolledBack, "the drafts are others");
        }
    }

    private static async Task<Answer> AnswerAsync(int chainedSteps, float temperature, bool deterministic)
    {
        await using InferenceEngine engine = await InferenceEngine.LoadAsync(TestModels.Flat, new InferenceEngineOptions
        {
            PlannedThreads = 64,
            Engine = new EngineOptions
            {
                Determinism = DeterminismMode.Dvr, Window = 16, ChainedSteps = chainedSteps, PrefixCache = false, CheckIntegrity = true,
            },
        });
        var options = new GenerationOptions
        {
            MaxTokens = 48, Temperature = temperature, Seed = 5, TopLogprobs = 3, IsDeterministic = deterministic, IgnoreEos = true,
        };
        Answer answer = (await new Load(engine, new Random(0)).RunAsync([([1, 5, 9, 13], options)], 0)).Single();
        Assert.AreEqual(48, answer.TokenIds.Length);
        return answer;
    }
}
