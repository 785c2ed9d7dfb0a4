using System.Text.Json;
using Llm42.Core.Engine;
using Llm42.Core.Execution;
using Llm42.Testing;
using Llm42.Tests.Engine;
using Llm42.Tests.Models.Reference;

namespace Llm42.Tests.Models;

/// <summary>A random model of each architecture through the engine, against stored answers of a float64 forward pass.</summary>
[TestClass]
public sealed class ArchitectureGoldenTests
{
    // Largest error of a logit as a share of the largest logit.
    private const double Tolerance = 1e-4;

    [TestMethod]
    [DynamicData(nameof(Architectures.Rows), typeof(Architectures))]
    public async Task A_prompt_in_one_piece_and_row_by_row_has_the_reference_logits(string name)
    {
        foreach (var chunk in new[] { 512, 1 })
        {
            await using var engine = await LoadAsync(name, "f32", new EngineOptions { PrefillChunk = chunk });
            foreach (var item in Cases(name))
            {
                var prompt = item.GetProperty("prompt_ids").Integers();
                var scores = await engine.ScoreAsync(prompt, top: engine.Model.VocabularySize);
                var what = $"{name}, {prompt.Length} tokens, chunks of {chunk}";
                for (var position = 0; position < prompt.Length; position++)
                {
                    AssertSame(
                        item.GetProperty("top8")[position].Logits(), scores.Positions[position].Top, $"{what}, position {position}");
                }
                LogitAssert.Same(LastLogits(item), scores.Positions[^1].Top, Tolerance, $"{what}, last row");
            }
        }
    }

    [TestMethod]
    [DynamicData(nameof(Architectures.Rows), typeof(Architectures))]
    public async Task Greedy_answers_are_those_of_the_reference_under_any_numerics(string name)
    {
        await using var engine = await LoadAsync(name, "f32", new EngineOptions());
        foreach (var item in Cases(name))
        {
            var prompt = item.GetProperty("prompt_ids").Integers();
            // Behind the first call that is too close the answers may differ.
            var least = 2 * Tolerance * LastLogits(item).Max(Math.Abs);
            var clear = item.GetProperty("gaps").EnumerateArray().TakeWhile(gap => gap.GetDouble() > least).Count();
            foreach (var isDeterministic in new[] { true, false })
            {
                var answer = await engine.CompleteAsync(prompt, new GenerationOptions
                {
                    Temperature = 0, MaxTokens = 32, IgnoreEos = true, IsDeterministic = isDeterministic,
                });
                CollectionAssert.AreEqual(
                    item.GetProperty("greedy").Integers()[..clear], answer.TokenIds.Take(clear).ToArray(),
                    $"{name}, {prompt.Length} tokens, deterministic: {isDeterministic}");
            }
        }
    }

    /// <summary>
    /// These models are so sharp that keys and values of bf16 alone move a logit by up to 15 thousandths of the largest, in
    /// double precision too. So the reference rounds them as the cache does; in a long prompt some value is so near the
    /// middle between two of bf16 that single precision rounds it the other way.
    /// </summary>
    [TestMethod]
    [DynamicData(nameof(Architectures.Rows), typeof(Architectures))]
    public async Task A_bf16_cache_costs_its_rounding_and_nothing_else(string name)
    {
        var model = ReferenceModel.Load(Architectures.Folder(name), roundsCache: true);
        await using var engine = await LoadAsync(name, "bf16", new EngineOptions());
        foreach (var item in Cases(name))
        {
            var prompt = item.GetProperty("prompt_ids").Integers();
            var tolerance = prompt.Length < 64 ? 1e-3 : 1e-2;
            var scores = await engine.ScoreAsync(prompt, top: engine.Model.VocabularySize);
            var answer = await engine.CompleteAsync(prompt, new GenerationOptions { Temperature = 0, MaxTokens = 32, IgnoreEos = true });
            var rows = model.Run([.. prompt, .. answer.TokenIds]);
            for (var row = 0; row < rows.ComparableRows(tolerance) && row + 1 < rows.Logits.Length; row++)
            {
                var what = $"{name}, {prompt.Length} tokens, position {row}";
                if (row < prompt.Length)
                    LogitAssert.Same(rows.Logits[row], scores.Positions[row].Top, tolerance, what);
                var (token, gap) = LogitAssert.Top(rows.Logits[row]);
                if (row >= prompt.Length - 1 && gap > 2 * tolerance * rows.Logits[row].Max(Math.Abs))
                    Assert.AreEqual(token, answer.TokenIds[row - prompt.Length + 1], what);
            }
        }
    }

    private static Task<InferenceEngine> LoadAsync(string name, string kvDtype, EngineOptions options) => InferenceEngine.LoadAsync(
        Architectures.Folder(name),
        new InferenceEngineOptions { KvDtype = kvDtype, Threads = 1, PlannedThreads = 64, KvPages = 64, Engine = options });

    private static JsonElement.ArrayEnumerator Cases(string name) =>
        Golden.Read("data", "arch", name, "golden.json").GetProperty("cases").EnumerateArray();

    private static double[] LastLogits(JsonElement item) =>
        [.. item.GetProperty("last_logits").EnumerateArray().Select(logit => logit.GetDouble())];

    /// <summary>Log-probabilities are logits less a constant of the row, which the tokens that are known tell.</summary>
    private static void AssertSame((int Id, double Logit)[] expected, IReadOnlyList<TokenLogprob> found, string what)
    {
        var logprobs = found.ToDictionary(token => token.TokenId, token => (double)token.Logprob);
        var largest = expected.Max(pair => Math.Abs(pair.Logit));
        var constant = expected.Average(pair => pair.Logit - logprobs[pair.Id]);
        foreach (var (id, logit) in expected)
            Assert.AreEqual(logit, logprobs[id] + constant, Tolerance * largest, $"{what}, token {id}");
        // None that is not among the likeliest of the reference may be above all of them.
        Assert.IsLessThanOrEqualTo(expected[0].Logit + (Tolerance * largest), found[0].Logprob + constant, what);
    }
}
