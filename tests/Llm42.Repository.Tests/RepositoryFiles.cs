using Llm42.Testing;

namespace Llm42.Repository.Tests;

/// <summary>The files that belong to the repository.</summary>
internal static class RepositoryFiles
{
    private static readonly string[] BinaryExtensions = [".safetensors", ".png", ".nupkg"];

    /// <summary>Paths from the root, with slashes, of what git tracks or would track.</summary>
    public static async Task<IReadOnlyList<string>> AllAsync()
    {
        Run run = await Run.ProgramAsync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "-z"]).ConfigureAwait(false);
        Assert.AreEqual(0, run.ExitCode, run.ToString());
        return [.. run.Output.Split('\0', StringSplitOptions.RemoveEmptyEntries)
            .Where(file => File.Exists(RepositoryRoot.InRoot(file))).Distinct()];
    }

    /// <summary>Those that are text.</summary>
    public static async Task<IReadOnlyList<string>> TextsAsync() =>
        [.. (await AllAsync().ConfigureAwait(false)).Where(file => !BinaryExtensions.Contains(Path.GetExtension(file)))];

    /// <summary>The C# projects.</summary>
    public static async Task<IReadOnlyList<string>> ProjectsAsync() =>
        [.. (await AllAsync().ConfigureAwait(false)).Where(file => file.EndsWith(".csproj", StringComparison.Ordinal))];

    public static string Read(string file) => File.ReadAllText(RepositoryRoot.InRoot(file));
}
