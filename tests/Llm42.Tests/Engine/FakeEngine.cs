using Llm42.Core.Engine;
using Llm42.Generation;
using Llm42.Models;

namespace Llm42.Tests.Engine;

/// <summary>The facade over a fake executor.</summary>
internal static class FakeEngine
{
    public static InferenceEngine Of(FakeExecutor executor, EngineOptions? options = null, params int[] eosTokenIds)
    {
        var tokenizer = new LetterTokenizer();
        var requests = new RequestBuilder(tokenizer, GenerationDefaults.None, eosTokenIds.ToHashSet());
        var description = new ModelDescription("Fake", "", 1, 1, 1, 1, 1, LetterTokenizer.Size, 1000, 0, "f32", 0);
        return new InferenceEngine(
            new LoadedModel(executor, tokenizer, requests, description, () => throw new NotSupportedException()),
            (options ?? new EngineOptions()) with { CheckIntegrity = true });
    }

    /// <summary>An engine that answers the alphabet over and over: position p holds letter p mod 26.</summary>
    public static InferenceEngine Alphabet(out FakeExecutor executor, EngineOptions? options = null, params int[] eosTokenIds)
    {
        executor = new FakeExecutor(position => position % 26);
        return Of(executor, options, eosTokenIds);
    }
}
