using Llm42.Core.Execution;
using Llm42.Testing;

namespace Llm42.Tests.Engine;

/// <summary>Whole models against a float64 forward pass.</summary>
[TestClass]
public sealed class GoldenTests
{
    private const double LogitTolerance = 1e-3;

    [TestMethod]
    [DataRow("f32")]
    [DataRow("bf16")]
    public async Task Stories_are_told_token_for_token(string dtype)
    {
        var golden = Golden.Read("data", "golden", $"stories260k-{dtype}.json");
        await using var engine = await InferenceEngine.LoadAsync(
            RepositoryRoot.InShared($"data/models/stories260k-{dtype}"), new InferenceEngineOptions { KvDtype = "f32", Threads = 1 });
        foreach (var story in golden.GetProperty("cases").EnumerateArray())
        {
            var prompt = story.GetProperty("prompt").GetString()!;
            var options = new GenerationOptions { Temperature = 0, MaxTokens = 200, IgnoreEos = true, TopLogprobs = 5 };
            var answer = await engine.CompleteAsync(prompt, options);

            CollectionAssert.AreEqual(story.GetProperty("prompt_ids").Integers(), engine.Tokenizer!.Encode(prompt, true), prompt);
            CollectionAssert.AreEqual(story.GetProperty("greedy_ids").Integers(), answer.TokenIds.ToArray(), prompt);
            Assert.AreEqual(story.GetProperty("text").GetString(), answer.Text, prompt);
            var steps = story.GetProperty("top5_first3");
            for (var step = 0; step < steps.GetArrayLength(); step++)
                AssertSameRow(steps[step].Logits(), answer.Tokens[step].Top!, $"{prompt} step {step}");
        }
    }

    /// <summary>Log-probabilities are logits less a constant of the row, which the first token tells.</summary>
    private static void AssertSameRow((int Id, double Logit)[] expected, IReadOnlyList<TokenLogprob> found, string what)
    {
        CollectionAssert.AreEqual(
            expected.Select(e => e.Id).ToArray(), found.Take(expected.Length).Select(f => f.TokenId).ToArray(), what);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.AreEqual(
                expected[i].Logit - expected[0].Logit, found[i].Logprob - found[0].Logprob, LogitTolerance, $"{what}, rank {i}");
        }
    }
}
