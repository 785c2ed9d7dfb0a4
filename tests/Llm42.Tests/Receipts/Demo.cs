using Llm42.Core.Engine;
using Llm42.Receipts;
using Llm42.Testing;

namespace Llm42.Tests.Receipts;

/// <summary>Engines over the embedded model, and receipts of their answers.</summary>
internal static class Demo
{
    public static readonly GenerationOptions Options = new()
    {
        MaxTokens = 24, Temperature = 0.7f, TopP = 0.95f, TopK = 50, MinP = 0.01f, RepetitionPenalty = 1.25f, PresencePenalty = 0.5f, FrequencyPenalty = -0.25f,
        LogitBias = new Dictionary<int, float> { [77] = 1.5f, [5] = -100 }, Seed = ulong.MaxValue, IsDeterministic = true, IgnoreEos = true,
    };

    public static readonly int[] Prompt = [0, 496, 404, 408, 72, 342];

    /// <summary>One thread, nothing drafted.</summary>
    public static readonly InferenceEngineOptions Plain = new()
    {
        Threads = 1, KvPages = 256, Engine = new EngineOptions { Determinism = DeterminismMode.Invariant, Drafter = DrafterKind.None },
    };

    /// <summary>Another policy in everything that may differ; fast numerics split as on 64 cores.</summary>
    public static readonly InferenceEngineOptions Other = new()
    {
        Threads = 2,
        PlannedThreads = 64,
        PageSize = 8,
        KvPages = 256,
        Engine = new EngineOptions
        {
            Determinism = DeterminismMode.Dvr, Drafter = DrafterKind.Same, Window = 3, VerifyGroup = 1, PrefillChunk = 2, PrefixCache = false,
        },
    };

    public static string Directory => RepositoryRoot.InRoot("src/Llm42.Cli/DemoModel");

    public static Task<InferenceEngine> LoadAsync(InferenceEngineOptions options) => InferenceEngine.LoadAsync(Directory, options);

    public static async Task<Receipt> AnswerAsync(InferenceEngine engine, GenerationOptions? options = null) =>
        engine.CreateReceipt(
            Prompt, options ?? Options, await engine.CompleteAsync(Prompt, options ?? Options).ConfigureAwait(false), "demo");
}
