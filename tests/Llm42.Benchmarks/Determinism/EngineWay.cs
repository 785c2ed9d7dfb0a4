using Llm42.Core.Engine;

namespace Llm42.Benchmarks.Determinism;

/// <summary>An engine that answers deterministic requests in one of the ways there are.</summary>
internal sealed record EngineWay(string Name, InferenceEngine Engine) : IAsyncDisposable
{
    public static async Task<EngineWay> LoadAsync(string name, string model, int plannedThreads, EngineOptions options) =>
        new(name, await InferenceEngine.LoadAsync(model, new InferenceEngineOptions
        {
            PlannedThreads = plannedThreads,
            // What is measured is the verify loop: no repetition may find the last one's prompts.
            Engine = options with { PrefixCache = false },
        }).ConfigureAwait(false));

    public ValueTask DisposeAsync() => Engine.DisposeAsync();

    public int[] Prompt(int index, int length)
    {
        var random = new Random(index);
        return [.. Enumerable.Range(0, length).Select(_ => random.Next(3, Engine.Model.VocabularySize))];
    }
}
