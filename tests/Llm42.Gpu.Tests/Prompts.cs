namespace Llm42.Gpu.Tests;

/// <summary>Prompts of token ids that mean nothing.</summary>
internal static class Prompts
{
    /// <summary>The same for the same length and seed; no token twice in a row.</summary>
    public static int[] Of(InferenceEngine engine, int length, int seed) =>
        [.. Enumerable.Range(0, length).Select(i => 2 + (((i * 37) + (seed * 101)) % (engine.Model.VocabularySize - 2)))];
}
