namespace Llm42.Testing;

/// <summary>The small random models of the shared test data, one or more of each architecture, with reference answers.</summary>
internal static class Architectures
{
    /// <summary>Their names.</summary>
    public static IReadOnlyList<string> Names { get; } =
        ["llama", "llama3-rope", "mistral", "mixtral", "phi3", "qwen2", "qwen3", "qwen3-moe"];

    /// <summary>One row of test data per model.</summary>
    public static IEnumerable<object[]> Rows => Names.Select(name => new object[] { name });

    /// <summary>The folder of a model; the test is inconclusive where there is no shared test data.</summary>
    public static string Folder(string name) => RepositoryRoot.InShared($"data/arch/{name}");
}
