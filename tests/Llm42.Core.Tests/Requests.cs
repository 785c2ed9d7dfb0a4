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

    /// <summary>Any mix of penalties and bias; none of them at times.</summary>
    public static SamplingParameters RandomPenalties(Random random) => new()
    {
        RepetitionPenalty = random.Next(2) == 0 ? 1 : 0.5f + random.NextSingle(),
        PresencePenalty = random.Next(2) == 0 ? 0 : random.NextSingle() - 0.5f,
        FrequencyPenalty = random.Next(2) == 0 ? 0 : random.NextSingle() - 0.5f,
        LogitBias = Enumerable.Range(0, random.Next(2) * random.Next(10))
            .Select(_ => random.Next(FakeModel.Vocabulary)).Distinct().ToDictionary(token => token, _ => random.NextSingle() - 0.5f),
    };
}
