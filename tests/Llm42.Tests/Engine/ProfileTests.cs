using Llm42.Core.Engine;
using Llm42.Core.Profiling;

namespace Llm42.Tests.Engine;

/// <summary>What a profile counts can be counted by hand: calls by layers and steps, operations by rows.</summary>
[TestClass]
public sealed class ProfileTests
{
    // Stories: see its config.json.
    private const int Layers = 5, Hidden = 64, QueryHeads = 8, KvHeads = 4, HeadSize = 8, Intermediate = 172, Vocabulary = 512;
    private const double HeadFlops = 2.0 * Hidden * Vocabulary;

    private static readonly int[] Prompt = [1, .. Enumerable.Range(300, 40)];

    private static readonly InferenceEngineOptions Options = new()
    {
        Threads = 1,
        Profile = true,
        Engine = new EngineOptions { PrefillChunk = 16, PrefixCache = false },
    };

    [TestMethod]
    public async Task Calls_are_layers_times_steps_and_the_parts_make_up_the_steps()
    {
        await using var engine = await Stories.LoadAsync(Options);
        await engine.CompleteAsync(Prompt, new GenerationOptions { MaxTokens = 6, Temperature = 0, IgnoreEos = true });
        var profile = engine.Profile!;
        Assert.AreEqual((3L, 41L), (profile.Prefill.Steps, profile.Prefill.Rows));
        Assert.AreEqual((5L, 5L), (profile.Decode.Steps, profile.Decode.Rows));
        foreach (var (phase, steps) in new[] { (profile.Prefill, 3), (profile.Decode, 5) })
        {
            foreach (var part in (StepPart[])[StepPart.LinearQkv, StepPart.RopeWriteKv, StepPart.Attention])
                Assert.AreEqual(Layers * steps, Of(phase, part).Calls, $"{part}");
            foreach (var part in (StepPart[])[StepPart.Embedding, StepPart.HostBatch, StepPart.HostResults, StepPart.HostVerify, StepPart.HostSchedule])
                Assert.AreEqual(steps, Of(phase, part).Calls, $"{part}");
            Assert.AreEqual(1.0, phase.Parts.Sum(phase.ShareOf), 1e-12);
            Assert.AreEqual(phase.Time, phase.Parts.Aggregate(TimeSpan.Zero, (sum, part) => sum + part.Time));
            Assert.IsTrue(phase.Parts.All(part => part.Time >= TimeSpan.Zero));
            Assert.IsTrue(phase.HostShare is > 0 and < 1, $"{phase.HostShare}");
        }

        Assert.AreEqual(Layers * 5, Of(profile.Decode, StepPart.LinearOutput).Calls);
        Assert.AreEqual(5, Of(profile.Decode, StepPart.LinearHead).Calls);
        Assert.AreEqual(5 * HeadFlops, Of(profile.Decode, StepPart.LinearHead).Flops);
        // A row at position p sees p + 1 positions: the five decode rows those at 41 to 45.
        Assert.AreEqual(Layers * 4.0 * (42 + 43 + 44 + 45 + 46) * QueryHeads * HeadSize, Of(profile.Decode, StepPart.Attention).Flops);
        Assert.AreEqual(Layers * 4.0 * (41 * 42 / 2) * QueryHeads * HeadSize, Of(profile.Prefill, StepPart.Attention).Flops);
        Assert.AreEqual(41 * Layers * 2.0 * Hidden * (QueryHeads + (2 * KvHeads)) * HeadSize, Of(profile.Prefill, StepPart.LinearQkv).Flops);

        engine.ResetStatistics();
        Assert.AreEqual((0L, 0L, 0), (engine.Profile!.Prefill.Steps, engine.Profile.Decode.Steps, engine.Profile.Prefill.Parts.Count));
    }

    [TestMethod]
    public async Task Only_the_row_that_is_predicted_has_logits_and_a_last_layer()
    {
        await using var engine = await Stories.LoadAsync(Options);
        await engine.CompleteAsync(Prompt, new GenerationOptions { MaxTokens = 1, Temperature = 0 });
        var prompt = engine.Profile!.Prefill;
        Assert.AreEqual((1L, HeadFlops), (Of(prompt, StepPart.LinearHead).Calls, Of(prompt, StepPart.LinearHead).Flops));
        Assert.AreEqual((1L, 1L), (Of(prompt, StepPart.Sample).Calls, Of(prompt, StepPart.TopLogprobs).Calls));
        Assert.AreEqual(LayerRows(((Layers - 1) * 41) + 1), Of(prompt, StepPart.LinearDown).Flops);

        // The control: where every row is scored, every row has both.
        engine.ResetStatistics();
        await engine.ScoreAsync(Prompt);
        var score = engine.Profile.Prefill;
        Assert.AreEqual(41 * HeadFlops, Of(score, StepPart.LinearHead).Flops);
        Assert.AreEqual(LayerRows(Layers * 41), Of(score, StepPart.LinearDown).Flops);

        static double LayerRows(int rows) => rows * 2.0 * Hidden * Intermediate;
    }

    [TestMethod]
    public async Task A_profile_changes_no_answer_and_without_one_there_is_none()
    {
        await using var plain = await Stories.LoadAsync(Options with { Profile = false });
        await using var profiled = await Stories.LoadAsync(Options);
        var options = new GenerationOptions { MaxTokens = 20, Temperature = 0.8f, Seed = 3, IsDeterministic = true };
        var (expected, answer) = (await plain.CompleteAsync(Prompt, options), await profiled.CompleteAsync(Prompt, options));
        CollectionAssert.AreEqual(expected.Tokens.ToArray(), answer.Tokens.ToArray());
        Assert.IsNull(plain.Profile);
    }

    [TestMethod]
    public async Task Another_backend_is_refused_before_anything_is_loaded()
    {
        var error = await Assert.ThrowsExactlyAsync<ArgumentException>(() => InferenceEngine.LoadAsync(
            Stories.Directory, new InferenceEngineOptions { Backend = "cuda-emulated", Profile = true }));
        StringAssert.Contains(error.Message, "Profile needs the cpu backend", StringComparison.Ordinal);
        StringAssert.Contains(error.Message, "cuda-emulated", StringComparison.Ordinal);
    }

    private static StepPartProfile Of(StepPhaseProfile phase, StepPart part) => phase.Parts.Single(one => one.Part == part);
}
