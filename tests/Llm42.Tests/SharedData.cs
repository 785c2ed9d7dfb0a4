namespace Llm42.Tests;

/// <summary>The folder of models and golden data, which is not part of the repository.</summary>
internal static class SharedData
{
    /// <summary>A path in the folder; the test is inconclusive where there is none.</summary>
    public static string PathOf(params string[] parts)
    {
        var root = Environment.GetEnvironmentVariable("LLM42_SHARED") ?? Find();
        if (root is null || !Directory.Exists(root))
            Assert.Inconclusive("The shared data folder is absent; set LLM42_SHARED to it.");
        return Path.Combine([root, .. parts]);
    }

    private static string? Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "global.json")))
                return Path.GetFullPath(Path.Combine(folder.FullName, "..", "shared"));
        }
        return null;
    }
}
