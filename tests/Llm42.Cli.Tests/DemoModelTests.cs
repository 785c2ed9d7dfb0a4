using Llm42.Testing;

namespace Llm42.Cli.Tests;

[TestClass]
public sealed class DemoModelTests
{
    private string _cache = "";

    [TestInitialize]
    public void CreateCache() => _cache = Directory.CreateTempSubdirectory("llm42-test-").FullName;

    [TestCleanup]
    public void DeleteCache()
    {
        if (Directory.Exists(_cache))
            Directory.Delete(_cache, recursive: true);
    }

    [TestMethod]
    public async Task Unpacks_once_into_the_cache_as_it_is_in_the_repository()
    {
        string first = await TokenizeAsync(_cache);
        string folder = Directory.GetDirectories(Path.Combine(_cache, "llm42")).Single();
        foreach (string file in Directory.GetFiles(folder))
        {
            byte[] source = await File.ReadAllBytesAsync(RepositoryRoot.InRoot($"src/Llm42.Cli/DemoModel/{Path.GetFileName(file)}"));
            CollectionAssert.AreEqual(source, await File.ReadAllBytesAsync(file), file);
        }

        DateTime written = File.GetLastWriteTimeUtc(Path.Combine(folder, "model.safetensors"));
        Assert.AreEqual(first, await TokenizeAsync(_cache));
        Assert.AreEqual(written, File.GetLastWriteTimeUtc(Path.Combine(folder, "model.safetensors")));
    }

    [TestMethod]
    public async Task Damaged_copy_is_replaced()
    {
        string expected = await TokenizeAsync(_cache);
        string folder = Directory.GetDirectories(Path.Combine(_cache, "llm42")).Single();
        string file = Path.Combine(folder, "tokenizer.json");
        byte[] content = await File.ReadAllBytesAsync(file);
        content[content.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(file, content);
        Assert.AreEqual(expected, await TokenizeAsync(_cache));
        content[content.Length / 2] ^= 1;
        CollectionAssert.AreEqual(content, await File.ReadAllBytesAsync(file));
        Assert.HasCount(1, Directory.GetDirectories(Path.Combine(_cache, "llm42")));
    }

    [TestMethod]
    public async Task Works_where_the_cache_cannot_be_written_and_leaves_nothing_behind()
    {
        // A file in the place of the folder: refused to root as well.
        string blocked = Path.Combine(_cache, "blocked");
        await File.WriteAllTextAsync(blocked, "");
        string temporary = Directory.CreateDirectory(Path.Combine(_cache, "tmp")).FullName;
        Assert.AreEqual(await TokenizeAsync(_cache), await TokenizeAsync(blocked, temporary));
        Assert.IsEmpty(Directory.GetFileSystemEntries(temporary));
    }

    private static async Task<string> TokenizeAsync(string cache, string? temporary = null)
    {
        var environment = new Dictionary<string, string> { ["XDG_CACHE_HOME"] = cache, ["LOCALAPPDATA"] = cache };
        if (temporary is not null)
            environment["TMPDIR"] = temporary;
        Run run = await Run.ProgramAsync(
            RepositoryRoot.Command, ["tokenize", "demo", "--prompt", "Fear ye not"], environment: environment);
        Assert.AreEqual(0, run.ExitCode, run.ToString());
        return run.Output;
    }
}
