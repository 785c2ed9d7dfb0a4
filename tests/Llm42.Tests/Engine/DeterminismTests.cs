using Llm42.Core.Engine;

namespace Llm42.Tests.Engine;

/// <summary>The promise end to end on a real model; the wide study of it is elsewhere.</summary>
[TestClass]
public sealed class DeterminismTests
{
    [TestMethod]
    public async Task Neither_load_nor_policy_changes_a_bit_of_a_deterministic_answer()
    {
        var answers = new HashSet<string>();
        var ordinary = new HashSet<string>();
        InferenceEngineOptions[] engines =
        [
            Options(1, 16, new EngineOptions()),
            Options(2, 8, new EngineOptions { Window = 4, PrefillChunk = 7, VerifyGroup = 1 }),
            Options(2, 64, new EngineOptions { Window = 16, Drafter = DrafterKind.None }),
        ];
        foreach (var options in engines)
        {
            await using var engine = await Stories.LoadAsync(options);
            Assert.IsFalse(engine.Engine.FastIsInvariant);
            for (var neighbours = 0; neighbours <= 9; neighbours += 3)
            {
                var load = Enumerable.Range(1, neighbours).Select(i => engine.CompleteAsync(
                    Stories.Prompt, new GenerationOptions { Temperature = 1, Seed = (ulong)i, MaxTokens = 30 * i })).ToArray();
                answers.Add(await AnswerAsync(engine, isDeterministic: true));
                ordinary.Add(await AnswerAsync(engine, isDeterministic: false));
                await Task.WhenAll(load);
            }
        }
        Assert.HasCount(1, answers);

        // Had ordinary answers not varied either, the line above would say nothing.
        Assert.IsGreaterThan(1, ordinary.Count);
    }

    [TestMethod]
    public async Task The_fixed_shape_verifier_pads_its_passes_and_repeats_itself()
    {
        var answers = new HashSet<string>();
        await using var engine = await Stories.LoadAsync(Options(
            1, 16, new EngineOptions { Window = 8, VerifyGroup = 2, Verifier = VerifierKind.FixedShape, CheckIntegrity = true }));
        for (var neighbours = 0; neighbours < 4; neighbours++)
        {
            var load = Enumerable.Range(1, neighbours).Select(i => engine.CompleteAsync(
                Stories.Prompt,
                new GenerationOptions { Temperature = 1, Seed = (ulong)i, MaxTokens = 60, IsDeterministic = i % 2 == 0 })).ToArray();
            answers.Add(await AnswerAsync(engine, isDeterministic: true));
            await Task.WhenAll(load);
        }
        Assert.HasCount(1, answers);
    }

    [TestMethod]
    public async Task The_fingerprint_names_weights_and_numerics()
    {
        async Task<string> Fingerprint(string directory, string kvDtype)
        {
            await using var engine = await InferenceEngine.LoadAsync(directory, new InferenceEngineOptions { KvDtype = kvDtype, Threads = 1 });
            return engine.Engine.Fingerprint;
        }

        using var copy = new TemporaryDirectory().CopyOf(Stories.Directory);
        var original = await Fingerprint(Stories.Directory, "bf16");
        Assert.AreEqual(original, await Fingerprint(copy.Path, "bf16"));
        Assert.AreNotEqual(original, await Fingerprint(copy.Path, "f32"));

        var weights = File.ReadAllBytes(Path.Combine(copy.Path, "model.safetensors"));
        weights[^1] ^= 1;
        copy.Write("model.safetensors", weights);
        Assert.AreNotEqual(original, await Fingerprint(copy.Path, "bf16"));
    }

    private static InferenceEngineOptions Options(int threads, int pageSize, EngineOptions engine) =>
        new() { Threads = threads, PlannedThreads = 32, PageSize = pageSize, Engine = engine };

    private static async Task<string> AnswerAsync(InferenceEngine engine, bool isDeterministic)
    {
        var options = new GenerationOptions { Temperature = 0.8f, Seed = 3, MaxTokens = 120, IsDeterministic = isDeterministic };
        var answer = await engine.CompleteAsync("Tom was very sad because", options);
        return string.Join(" ", answer.Tokens.Select(t => $"{t.TokenId}:{BitConverter.SingleToInt32Bits(t.Logprob):x8}"));
    }
}
