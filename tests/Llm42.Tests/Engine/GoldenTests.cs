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
        await using var engine = await LlmEngine.LoadAsync(
            RepositoryRoot.InShared($"data/models/stories260k-{dtype}"), new LlmEngineOptions { KvDtype = "f32", Threads = 1 });
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

    [TestMethod]
    [DataRow("llama")]
    [DataRow("llama3-rope")]
    [DataRow("mistral")]
    [DataRow("mixtral")]
    [DataRow("phi3")]
    [DataRow("qwen2")]
    [DataRow("qwen3")]
    [DataRow("qwen3-moe")]
    public async Task Random_models_have_the_reference_logits_at_every_position(string name)
    {
        var golden = Golden.Read("data", "arch", name, "golden.json");
        await using var engine = await LlmEngine.LoadAsync(
            RepositoryRoot.InShared($"data/arch/{name}"), new LlmEngineOptions { KvDtype = "f32", Threads = 1 });
        Assert.IsNull(engine.Tokenizer);
        foreach (var item in golden.GetProperty("cases").EnumerateArray())
        {
            var prompt = item.GetProperty("prompt_ids").Integers();
            var scores = await engine.ScoreAsync(prompt, top: engine.Model.VocabularySize);
            for (var position = 0; position < prompt.Length; position++)
            {
                AssertSameRow(
                    item.GetProperty("top8")[position].Logits(), scores.Positions[position].Top,
                    $"{name}, {prompt.Length} tokens, position {position}");
            }

            var expected = Golden.LogSoftmax([.. item.GetProperty("last_logits").EnumerateArray().Select(l => l.GetDouble())]);
            foreach (var (id, logprob) in scores.Positions[^1].Top)
                Assert.AreEqual(expected[id], logprob, LogitTolerance, $"{name}, {prompt.Length} tokens, last row, token {id}");

            var answer = await engine.CompleteAsync(
                prompt, new GenerationOptions { Temperature = 0, MaxTokens = 32, IgnoreEos = true });
            CollectionAssert.AreEqual(item.GetProperty("greedy").Integers(), answer.TokenIds.ToArray(), $"{name}, {prompt.Length}");
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
