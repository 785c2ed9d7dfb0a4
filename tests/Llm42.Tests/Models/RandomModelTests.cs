using System.Text.Json.Nodes;
using Llm42.Core.Engine;
using Llm42.Native;
using Llm42.Tests.Models.Reference;

namespace Llm42.Tests.Models;

/// <summary>Random models of random shapes and features through the engine, against a float64 forward pass.</summary>
[TestClass]
public sealed class RandomModelTests
{
    /// <summary>How many seeds per architecture to run instead of a few, from which one on: "100" or "100,5000".</summary>
    private const string SeedsVariable = "LLM42_MODEL_SEEDS";

    // Of the largest logit, with f32 keys and values.
    private const double Tolerance = 1e-4;

    // Logits of the router closer than this may change places in single precision.
    private const double ClosestExperts = 1e-4;

    private static readonly string[] Architectures =
    [
        "LlamaForCausalLM", "MistralForCausalLM", "MixtralForCausalLM", "Phi3ForCausalLM", "Qwen2ForCausalLM",
        "Qwen3ForCausalLM", "Qwen3MoeForCausalLM",
    ];

    public TestContext TestContext { get; set; } = null!;

    public static IEnumerable<object[]> Names => Architectures.Select(name => new object[] { name });

    /// <summary>Architecture, length, window; keys and values are cut at 256 positions.</summary>
    public static IEnumerable<object?[]> LongPrompts =>
    [
        ["LlamaForCausalLM", 530, null], ["MistralForCausalLM", 270, 257], ["MixtralForCausalLM", 270, null],
        ["Phi3ForCausalLM", 530, 256], ["Qwen2ForCausalLM", 270, 255], ["Qwen3MoeForCausalLM", 530, 100],
    ];

    [TestMethod]
    [DynamicData(nameof(Names))]
    public async Task Short_prompts_have_the_reference_logits(string architecture)
    {
        var (first, count) = Seeds(few: 6);
        var worst = 0.0;
        for (var seed = first; seed < first + count; seed++)
            worst = Math.Max(worst, await RunAsync(architecture, seed, maxPositions: 128, length: 20 + (seed * 7 % 50)));
        TestContext.WriteLine($"{architecture}: largest error {worst:E1} of the largest logit");
    }

    [TestMethod]
    [DynamicData(nameof(LongPrompts))]
    public async Task Long_prompts_have_the_reference_logits(string architecture, int length, int? window)
    {
        var (first, count) = Seeds(few: 1);
        for (var seed = first; seed < first + count; seed++)
        {
            await RunAsync(architecture, seed, maxPositions: 600, length, config =>
            {
                if (window is null)
                    return;
                config["sliding_window"] = window;
                if (architecture is not ("Qwen2ForCausalLM" or "Qwen3MoeForCausalLM"))
                    return;
                config["use_sliding_window"] = true;
                config["max_window_layers"] = 0;
                config.Remove("layer_types");
            });
        }
    }

    /// <summary>A prompt, scored and answered; returns the largest error as a share of the largest logit.</summary>
    private static async Task<double> RunAsync(
        string architecture, int seed, int maxPositions, int length, Action<JsonObject>? change = null)
    {
        const int Answered = 6;
        var random = new Random(HashCode(architecture, seed));
        using var directory = new TemporaryDirectory();
        var config = RandomConfig.Draw(architecture, maxPositions, random);
        change?.Invoke(config);
        RandomCheckpoint.Write(directory.Path, config, random);
        var vocabulary = (int)config["vocab_size"]!;
        int[] prompt = [.. Enumerable.Range(0, length).Select(_ => random.Next(vocabulary))];
        var options = Options(random, length);
        var what = $"{architecture}, seed {seed}, {length} tokens, {options}, {config.ToJsonString()}";
        try
        {
            await using var engine = await InferenceEngine.LoadAsync(directory.Path, options);
            var isDeterministic = random.Next(2) == 0;
            var scores = await engine.ScoreAsync(prompt, top: vocabulary);
            var answer = await engine.CompleteAsync(prompt, new GenerationOptions
            {
                Temperature = 0, MaxTokens = Answered, IgnoreEos = true, IsDeterministic = isDeterministic, TopLogprobs = vocabulary,
            });

            var rows = ReferenceModel.Load(directory.Path).Run([.. prompt, .. answer.TokenIds]);
            var worst = 0.0;
            for (var row = 0; row < Math.Min(rows.ComparableRows(ClosestExperts), length + Answered - 1); row++)
            {
                if (row < length)
                    worst = Math.Max(worst, LogitAssert.Same(rows.Logits[row], scores.Positions[row].Top, Tolerance, $"{what}: position {row}"));
                var step = row - length + 1;
                if (step < 0)
                    continue;
                var token = answer.Tokens[step];
                worst = Math.Max(worst, LogitAssert.Same(rows.Logits[row], token.Top!, Tolerance, $"{what}: step {step}"));
                var (likeliest, gap) = LogitAssert.Top(rows.Logits[row]);
                if (gap > 2 * Tolerance * rows.Logits[row].Max(Math.Abs))
                    Assert.AreEqual(likeliest, token.TokenId, $"{what}: step {step}");
            }
            return worst;
        }
        catch (Exception error) when (error is not AssertFailedException)
        {
            throw new AssertFailedException($"{what}: {error.Message}", error);
        }
    }

    private static (int First, int Count) Seeds(int few)
    {
        var given = Environment.GetEnvironmentVariable(SeedsVariable)?.Split(',') ?? [$"{few}"];
        return (given.Length > 1 ? int.Parse(given[1], null) : 0, int.Parse(given[0], null));
    }

    private static InferenceEngineOptions Options(Random random, int length) => new()
    {
        KvDtype = "f32",
        Threads = random.Next(1, 3),
        PlannedThreads = random.Next(2) * 64,
        Isa = random.Next(3) == 0 ? CpuIsa.Portable : CpuIsa.Auto,
        PageSize = 8 << random.Next(4),
        KvPages = length / 2,
        Engine = new EngineOptions
        {
            MaxSequences = 4,
            PrefillChunk = random.Next(2) == 0 ? 512 : random.Next(1, 40),
            Window = random.Next(1, 5),
            Determinism = random.Next(2) == 0 ? DeterminismMode.Invariant : DeterminismMode.Dvr,
            CheckIntegrity = true,
        },
    };

    private static int HashCode(string text, int seed) => text.Aggregate(seed, (hash, letter) => unchecked((hash * 31) + letter));
}
