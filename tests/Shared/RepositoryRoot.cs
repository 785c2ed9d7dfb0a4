namespace Llm42.Testing;

/// <summary>Where things are in the working tree that the tests were built from.</summary>
internal static class RepositoryRoot
{
    /// <summary>The folder that holds Llm42.sln.</summary>
    public static string Path { get; } = Find();

    /// <summary>The built command.</summary>
    public static string Command => InRoot(OperatingSystem.IsWindows() ? "artifacts/bin/llm42.cmd" : "artifacts/bin/llm42");

    /// <summary>A path below the root, given with slashes.</summary>
    public static string InRoot(string relative) =>
        System.IO.Path.Combine(Path, relative.Replace('/', System.IO.Path.DirectorySeparatorChar));

    /// <summary>A path in the folder of shared test data; the test is inconclusive where there is none.</summary>
    public static string InShared(string relative)
    {
        string shared = Environment.GetEnvironmentVariable("LLM42_SHARED") ?? System.IO.Path.Combine(Path, "..", "shared");
        string path = System.IO.Path.Combine(shared, relative);
        if (!File.Exists(path) && !Directory.Exists(path))
            Assert.Inconclusive($"'{relative}' is not in the shared test data; LLM42_SHARED names that folder, ../shared is its default.");
        return path;
    }

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "Llm42.sln")))
                return folder.FullName;
        }

        throw new InvalidOperationException($"no folder above '{AppContext.BaseDirectory}' holds Llm42.sln.");
    }
}
