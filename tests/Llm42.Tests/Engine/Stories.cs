using Llm42.Testing;

namespace Llm42.Tests.Engine;

/// <summary>Engines over the small trained model of the shared data folder.</summary>
internal static class Stories
{
    public const string Prompt = "Once upon a time";

    public static string Directory => RepositoryRoot.InShared("data/models/stories260k-f32");

    public static Task<InferenceEngine> LoadAsync(InferenceEngineOptions? options = null)
    {
        options ??= new InferenceEngineOptions { Threads = 1 };
        return InferenceEngine.LoadAsync(Directory, options with { Engine = options.Engine with { CheckIntegrity = true } });
    }
}
