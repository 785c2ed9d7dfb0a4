using Llm42;
using Llm42.Extensions.AI;

namespace Microsoft.Extensions.AI;

/// <summary>Chat clients of Llm42 engines.</summary>
public static class InferenceEngineExtensions
{
    /// <summary>
    /// A chat client on an engine, for any number of requests at a time. It does not own the engine; disposing it does
    /// nothing.
    /// </summary>
    /// <param name="engine">The engine.</param>
    /// <param name="modelId">What the model is called; null for the name of its directory or file.</param>
    /// <exception cref="InvalidOperationException">The model has no chat template or no tokenizer, or the template cannot be used.</exception>
    public static IChatClient AsIChatClient(this InferenceEngine engine, string? modelId = null)
    {
        ArgumentNullException.ThrowIfNull(engine);
        return new EngineChatClient(engine, modelId ?? Path.GetFileName(Path.TrimEndingDirectorySeparator(engine.Model.Directory)));
    }
}
