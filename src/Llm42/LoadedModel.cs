using Llm42.ChatTemplates;
using Llm42.Core.Execution;
using Llm42.Core.Profiling;
using Llm42.Generation;
using Llm42.Tokenization;

namespace Llm42;

/// <summary>A model on its device, ready for an engine.</summary>
/// <param name="Executor">Runs it; to be disposed by the engine.</param>
/// <param name="Tokenizer">Null if the directory has none.</param>
/// <param name="Requests">Fills in the model's defaults.</param>
/// <param name="Description">What the model is.</param>
/// <param name="DescribeEngine">What it runs on, as of the call; from any thread.</param>
internal sealed record LoadedModel(
    IModelExecutor Executor,
    ITokenizer? Tokenizer,
    RequestBuilder Requests,
    ModelDescription Description,
    Func<EngineDescription> DescribeEngine)
{
    /// <summary>The model's chat template, null for none; throws where it cannot be used.</summary>
    public Func<ChatTemplate?> ChatTemplate { get; init; } = () => null;

    /// <summary>Whom the executor tells where its time goes; null for nobody.</summary>
    public StepProfiler? Profiler { get; init; }
}
