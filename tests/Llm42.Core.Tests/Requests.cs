using Llm42.Core.Requests;

namespace Llm42.Core.Tests;

/// <summary>Requests for tests.</summary>
internal static class Requests
{
    public static GenerationRequest Of(
        int promptLength, int maxTokens, bool deterministic, ulong seed = 0, params int[] stopTokens) => new()
        {
            PromptIds = [.. Enumerable.Range(0, promptLength).Select(i => (i * 7 + (int)seed) % FakeModel.Vocabulary)],
            MaxTokens = maxTokens,
            IsDeterministic = deterministic,
            Sampling = new SamplingParameters { Seed = seed },
            StopTokenIds = stopTokens.ToHashSet(),
        };
}
