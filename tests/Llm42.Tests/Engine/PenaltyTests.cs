using Llm42.Core.Engine;
using Llm42.Testing;

namespace Llm42.Tests.Engine;

/// <summary>Bias and penalties on real models against their definition in float64.</summary>
[TestClass]
public sealed class PenaltyTests
{
    /// <summary>Below this, float and double may choose differently.</summary>
    private const double ClearMargin = 1e-3;

    private static readonly GenerationOptions Greedy = new() { Temperature = 0, MaxTokens = 150, IgnoreEos = true, IsDeterministic = true };

    [TestMethod]
    [DataRow(2f, 0f)]
    [DataRow(0f, 0.75f)]
    [DataRow(-2f, 0.75f)]
    [DataRow(2f, 2f)]
    public async Task Greedy_answers_follow_presence_and_frequency_penalties(float presence, float frequency)
    {
        await using var engine = await LoadAsync();
        var bias = new Dictionary<int, float> { [262] = -2, [300] = 1.5f, [270] = -100 };
        var prompt = engine.Tokenizer!.Encode(Stories.Prompt, true);
        var answer = await engine.CompleteAsync(
            prompt, Greedy with { PresencePenalty = presence, FrequencyPenalty = frequency, LogitBias = bias });
        Assert.IsGreaterThan(0, answer.Statistics.TokensDrafted);

        // Log-probabilities behind each token of prompt and answer, over the whole vocabulary.
        var scores = await engine.ScoreAsync([.. prompt, .. answer.TokenIds], top: engine.Model.VocabularySize);
        int clear = 0, changed = 0;
        for (var i = 0; i < answer.TokenIds.Count; i++)
        {
            var top = scores.Positions[prompt.Length + i - 1].Top;
            var before = answer.TokenIds.Take(i).ToList();
            var (expected, margin) = Best(top.Select(token =>
            {
                var count = before.Count(t => t == token.TokenId);
                var penalty = ((double)frequency * count) + (count > 0 ? presence : 0);
                return (token.TokenId, token.Logprob + (double)bias.GetValueOrDefault(token.TokenId) - penalty);
            }));
            if (margin < ClearMargin)
                continue;
            clear++;
            Assert.AreEqual(expected, answer.TokenIds[i], $"token {i}");
            changed += expected == top[0].TokenId ? 0 : 1;
        }
        Assert.IsGreaterThan(answer.TokenIds.Count * 9 / 10, clear);
        Assert.IsGreaterThan(3, changed, "the penalties change too little to prove anything");
    }

    [TestMethod]
    [DataRow("llama")]
    [DataRow("llama3-rope")]
    public async Task The_first_token_follows_the_repetition_penalty_of_the_prompt(string name)
    {
        var golden = Golden.Read("data", "arch", name, "golden.json");
        await using var engine = await InferenceEngine.LoadAsync(
            RepositoryRoot.InShared($"data/arch/{name}"), new InferenceEngineOptions { KvDtype = "f32", Threads = 1 });
        int clear = 0, changed = 0;
        foreach (var item in golden.GetProperty("cases").EnumerateArray())
        {
            var prompt = item.GetProperty("prompt_ids").Integers();
            double[] logits = [.. item.GetProperty("last_logits").EnumerateArray().Select(l => l.GetDouble())];
            var plain = Array.IndexOf(logits, logits.Max());
            foreach (var penalty in (float[])[0.1f, 0.5f, 1.3f, 2, 10])
            {
                // Lifts the prompt's tokens, so that the penalty has something to decide.
                var bias = prompt.Distinct().ToDictionary(id => id, id => (float)(logits.Max() - logits[id]) * 0.8f);
                var adjusted = logits.Select((logit, id) =>
                {
                    var x = logit + bias.GetValueOrDefault(id);
                    return (id, !prompt.Contains(id) ? x : x > 0 ? x / penalty : x * penalty);
                });
                var (expected, margin) = Best(adjusted);
                if (margin < ClearMargin)
                    continue;
                clear++;
                changed += expected == plain ? 0 : 1;
                var answer = await engine.CompleteAsync(
                    prompt, Greedy with { MaxTokens = 1, RepetitionPenalty = penalty, LogitBias = bias });
                Assert.AreEqual(expected, answer.TokenIds[0], $"{name}, {prompt.Length} tokens, penalty {penalty}");
            }
        }
        Assert.IsGreaterThan(5, clear);
        Assert.IsGreaterThan(2, changed);
    }

    [TestMethod]
    public async Task A_bias_bans_or_forces_a_token_and_leaves_its_log_probability_alone()
    {
        await using var engine = await LoadAsync();
        var prompt = engine.Tokenizer!.Encode(Stories.Prompt, true);
        var plain = await engine.CompleteAsync(prompt, Greedy);
        var common = plain.TokenIds.GroupBy(id => id).MaxBy(group => group.Count())!.Key;
        var banned = await engine.CompleteAsync(prompt, Greedy with { LogitBias = Bias(common, -100) });
        Assert.DoesNotContain(common, banned.TokenIds);

        var forced = await engine.CompleteAsync(prompt, Greedy with { LogitBias = Bias(77, 100) });
        Assert.IsTrue(forced.TokenIds.All(id => id == 77));
        var scores = await engine.ScoreAsync([.. prompt, .. forced.TokenIds]);
        CollectionAssert.AreEqual(
            scores.Positions.Skip(prompt.Length).Select(position => position.Logprob!.Value).ToArray(),
            forced.Tokens.Select(token => token.Logprob).ToArray());
    }

    [TestMethod]
    public async Task A_repetition_penalty_makes_an_answer_more_varied()
    {
        await using var engine = await LoadAsync();
        var plain = await engine.CompleteAsync(Stories.Prompt, Greedy with { MaxTokens = 120 });
        var varied = await engine.CompleteAsync(Stories.Prompt, Greedy with { MaxTokens = 120, RepetitionPenalty = 1.5f });
        Assert.IsGreaterThan(plain.TokenIds.Distinct().Count(), varied.TokenIds.Distinct().Count());
    }

    [TestMethod]
    public async Task Rows_with_and_without_share_a_batch()
    {
        await using var engine = await LoadAsync();
        var all = Enumerable.Range(0, 12).Select(i => Greedy with
        {
            RepetitionPenalty = i % 3 == 0 ? null : 1 + (i * 0.05f),
            LogitBias = i % 4 == 0 ? Bias(300 + i, 3) : Greedy.LogitBias,
            Temperature = i % 2,
            Seed = (ulong)i,
        }).ToArray();
        var alone = new List<string>();
        foreach (var options in all)
            alone.Add(Key(await engine.CompleteAsync(Stories.Prompt, options)));
        var together = await Task.WhenAll(all.Select(options => engine.CompleteAsync(Stories.Prompt, options)));
        CollectionAssert.AreEqual(alone, together.Select(Key).ToArray());
        Assert.IsGreaterThan(8, alone.Distinct().Count());
    }

    private static string Key(GenerationResult result) =>
        string.Join(" ", result.Tokens.Select(t => $"{t.TokenId}:{BitConverter.SingleToInt32Bits(t.Logprob):x8}"));

    private static Dictionary<int, float> Bias(int token, float bias) => new() { [token] = bias };

    private static (int TokenId, double Margin) Best(IEnumerable<(int TokenId, double Value)> tokens)
    {
        var ranked = tokens.OrderByDescending(token => token.Value).Take(2).ToArray();
        return (ranked[0].TokenId, ranked[0].Value - ranked[1].Value);
    }

    private static Task<InferenceEngine> LoadAsync() => Stories.LoadAsync(new InferenceEngineOptions
    {
        Threads = 1,
        PlannedThreads = 32,
        Engine = new EngineOptions { Window = 8, Drafter = DrafterKind.Same, SkipMismatch = 25, CheckIntegrity = true },
    });
}
