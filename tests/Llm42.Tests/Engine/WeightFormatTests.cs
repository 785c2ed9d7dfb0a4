using Llm42.Core.Engine;
using Llm42.Receipts;
using Llm42.Testing;

namespace Llm42.Tests.Engine;

/// <summary>Weights multiplied as int8: numerics of their own, named everywhere, and a copy of them to draft with.</summary>
[TestClass]
public sealed class WeightFormatTests
{
    private static readonly int[] Prompt = [0, 496, 404, 408, 72, 342];

    private static readonly GenerationOptions Greedy = new() { Temperature = 0, MaxTokens = 48, IgnoreEos = true, IsDeterministic = true };

    private static string Demo => RepositoryRoot.InRoot("src/Llm42.Cli/DemoModel");

    [TestMethod]
    public async Task Int8_weights_are_numerics_of_their_own()
    {
        await using var original = await LoadAsync("original", DrafterKind.Auto);
        await using var int8 = await LoadAsync("int8", DrafterKind.Auto);
        Assert.AreEqual("cpu-fma-1+kv-bf16", original.Engine.NumericsProfile);
        Assert.AreEqual("cpu-fma-1+w8a8-1+kv-bf16", int8.Engine.NumericsProfile);
        Assert.AreNotEqual(original.Engine.Fingerprint, int8.Engine.Fingerprint);
        Assert.AreEqual(original.Engine.WeightsDigest, int8.Engine.WeightsDigest);
        Assert.IsLessThan(original.Engine.MemoryAllocated, int8.Engine.MemoryAllocated);

        var expected = await original.CompleteAsync(Prompt, Greedy);
        var answer = await int8.CompleteAsync(Prompt, Greedy);
        Assert.IsFalse(Bits(expected).SequenceEqual(Bits(answer)), "log-probabilities to the bit as without int8: was it used?");
        Assert.IsTrue(
            expected.Tokens.Zip(answer.Tokens).TakeWhile(pair => pair.First.TokenId == pair.Second.TokenId)
                .All(pair => Math.Abs(pair.First.Logprob - pair.Second.Logprob) < 0.5),
            "log-probabilities far from those of the original weights");

        var receipt = int8.CreateReceipt(Prompt, Greedy, answer, "demo");
        Assert.AreEqual(int8.Engine.NumericsProfile, receipt.Engine.NumericsProfile);
        var refusal = await Assert.ThrowsExactlyAsync<ReceiptRefusedException>(() => original.ReplayAsync(receipt));
        StringAssert.Contains(refusal.Message, "w8a8", StringComparison.Ordinal);
    }

    [TestMethod]
    [DataRow(DrafterKind.Int8Weights, DeterminismMode.Auto)]
    [DataRow(DrafterKind.Int8Weights, DeterminismMode.Dvr)]
    [DataRow(DrafterKind.Ngram, DeterminismMode.Auto)]
    [DataRow(DrafterKind.Ngram, DeterminismMode.Dvr)]
    public async Task A_drafter_changes_no_bit_of_an_answer(DrafterKind drafter, DeterminismMode mode)
    {
        await using var plain = await LoadAsync("original", DrafterKind.None);
        await using var drafting = await LoadAsync("original", drafter, mode);
        Assert.AreEqual(plain.Engine.Fingerprint, drafting.Engine.Fingerprint);
        Assert.AreEqual(drafter, drafting.Engine.Drafter);
        int[] repeated = [.. Prompt, .. Prompt, .. Prompt];
        foreach (var options in new[] { Greedy, Greedy with { Temperature = 0.8f, Seed = 7 }, Greedy with { Temperature = 0.3f, FrequencyPenalty = 0.5f } })
        {
            var expected = await plain.CompleteAsync(repeated, options);
            var answer = await drafting.CompleteAsync(repeated, options);
            CollectionAssert.AreEqual(Bits(expected), Bits(answer), $"temperature {options.Temperature}");
        }
        Assert.IsGreaterThan(0, drafting.Statistics.TokensAccepted, "no draft was accepted: nothing was shown");
    }

    [TestMethod]
    public async Task What_has_no_int8_form_is_refused_by_name()
    {
        await RefusedAsync(Demo, new InferenceEngineOptions { WeightFormat = "int4" }, "WeightFormat is \"int4\"");
        var both = new InferenceEngineOptions { WeightFormat = "int8", Engine = new EngineOptions { Drafter = DrafterKind.Int8Weights } };
        await RefusedAsync(Demo, both, "Drafter is Int8Weights, but WeightFormat is \"int8\"");
    }

    [TestMethod]
    public async Task Experts_have_an_int8_form_and_draft_with_it()
    {
        var experts = RepositoryRoot.InShared("data/arch/mixtral");
        await using var original = await LoadAsync("original", DrafterKind.None, model: experts);
        await using var int8 = await LoadAsync("int8", DrafterKind.None, model: experts);
        await using var drafting = await LoadAsync("original", DrafterKind.Int8Weights, DeterminismMode.Dvr, experts);
        Assert.AreEqual("cpu-fma-1+w8a8-1+kv-bf16", int8.Engine.NumericsProfile);
        Assert.IsLessThan(original.Engine.MemoryAllocated, int8.Engine.MemoryAllocated);
        int[] prompt = [3, 5, 7, 3, 5, 7, 11];
        var expected = await original.CompleteAsync(prompt, Greedy);
        var answer = await drafting.CompleteAsync(prompt, Greedy);
        CollectionAssert.AreEqual(Bits(expected), Bits(answer));
        Assert.IsGreaterThan(0, drafting.Statistics.TokensAccepted, "no draft was accepted: nothing was shown");
        var other = await int8.CompleteAsync(prompt, Greedy);
        Assert.IsFalse(Bits(expected).SequenceEqual(Bits(other)), "log-probabilities to the bit as without int8: was it used?");
    }

    private static async Task RefusedAsync(string model, InferenceEngineOptions options, string message)
    {
        var error = await Assert.ThrowsExactlyAsync<ArgumentException>(() => InferenceEngine.LoadAsync(model, options));
        StringAssert.Contains(error.Message, message, StringComparison.Ordinal);
    }

    private static Task<InferenceEngine> LoadAsync(
        string weights, DrafterKind drafter, DeterminismMode mode = DeterminismMode.Auto, string? model = null) =>
        InferenceEngine.LoadAsync(model ?? Demo, new InferenceEngineOptions
        {
            Threads = 1, KvPages = 256, WeightFormat = weights, Engine = new EngineOptions { Drafter = drafter, Determinism = mode, Window = 8 },
        });

    private static string[] Bits(GenerationResult result) =>
        [.. result.Tokens.Select(token => $"{token.TokenId} {BitConverter.SingleToInt32Bits(token.Logprob):x8}")];
}
