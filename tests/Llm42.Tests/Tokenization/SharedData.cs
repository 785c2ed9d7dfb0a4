namespace Llm42.Tests.Tokenization;

/// <summary>The shared test data beside the checkout. A test that needs it is inconclusive without it.</summary>
internal static class SharedData
{
    public static string Find(params string[] path)
    {
        string relative = Path.Combine(path);
        string? root = Environment.GetEnvironmentVariable("LLM42_SHARED");
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); root is null && folder is not null; folder = folder.Parent)
        {
            string candidate = Path.Combine(folder.FullName, "..", "shared");
            if (File.Exists(Path.Combine(folder.FullName, "Directory.Build.props")) && Directory.Exists(candidate))
            {
                root = candidate;
            }
        }

        string found = Path.Combine(root ?? "", relative);
        if (root is null || !Path.Exists(found))
        {
            Assert.Inconclusive($"shared/{relative} is absent; set LLM42_SHARED to the folder that holds it.");
        }

        return found;
    }
}
