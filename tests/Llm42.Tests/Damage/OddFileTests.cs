using Llm42.Models;
using Llm42.Testing;
using Llm42.Tests.Inspection;
using Llm42.Tokenization;
using Llm42.Weights;

namespace Llm42.Tests.Damage;

/// <summary>What lies in a directory in place of a file, or behind a link.</summary>
[TestClass]
public sealed class OddFileTests
{
    private static readonly string[] Files =
    [
        "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", SafetensorsSource.FileName,
        SafetensorsSource.IndexFileName,
    ];

    public static IEnumerable<object[]> Names => Files.Select(name => new object[] { name });

    [TestMethod]
    [DynamicData(nameof(Names))]
    public Task A_directory_in_place_of_a_file_is_refused(string name) => Refused(name, path => Directory.CreateDirectory(path));

    [TestMethod]
    [DynamicData(nameof(Names))]
    public Task An_empty_file_is_refused(string name) => Refused(name, path => File.WriteAllBytes(path, []));

    [TestMethod]
    [DynamicData(nameof(Names))]
    public Task A_link_to_nothing_is_refused(string name) => Refused(name, path => File.CreateSymbolicLink(path, "nowhere"));

    [TestMethod]
    [DynamicData(nameof(Names))]
    public Task A_link_to_itself_is_refused(string name) => Refused(name, path => File.CreateSymbolicLink(path, Path.GetFileName(path)));

    [TestMethod]
    [DynamicData(nameof(Names))]
    public Task A_device_without_an_end_is_refused(string name)
    {
        if (!File.Exists("/dev/zero"))
            Assert.Inconclusive("this system has no /dev/zero.");
        return Refused(name, path => File.CreateSymbolicLink(path, "/dev/zero"));
    }

    [TestMethod]
    [DynamicData(nameof(Names))]
    public async Task A_pipe_that_nobody_writes_to_is_refused(string name)
    {
        if (OperatingSystem.IsWindows())
            Assert.Inconclusive("pipes are no files here.");
        using var directory = new TemporaryDirectory();
        var pipe = Path.Combine(directory.Path, "pipe");
        Assert.AreEqual(0, (await Run.ProgramAsync("mkfifo", [pipe])).ExitCode);
        await Refused(name, path => File.CreateSymbolicLink(path, pipe));
    }

    [TestMethod]
    public async Task A_model_of_links_is_read()
    {
        using var model = new SmallModel();
        model.WriteWeights();
        using var links = new TemporaryDirectory();
        foreach (var file in Directory.GetFiles(model.Path))
            File.CreateSymbolicLink(Path.Combine(links.Path, Path.GetFileName(file)), file);
        await using var engine = await InferenceEngine.LoadAsync(links.Path, new InferenceEngineOptions { Threads = 1 });
        Assert.AreEqual(32, engine.Model.VocabularySize);
    }

    [TestMethod]
    public void A_shard_outside_the_directory_is_refused_however_it_is_written()
    {
        using var directory = new TemporaryDirectory();
        foreach (var file in (string[])["../x.safetensors", "/x.safetensors", "a/../x.safetensors", "a\\\\x.safetensors", "..safetensors", "C:x.safetensors", "x\\u0000.safetensors", "."])
        {
            var path = directory.Write(SafetensorsSource.IndexFileName, $$$"""{"weight_map":{"a":"{{{file}}}"}}""");
            var error = Assert.ThrowsExactly<ModelFormatException>(() => SafetensorsSource.Open(directory.Path).Dispose());
            Assert.Contains("it must be the name of a .safetensors file in the same folder", error.Message, file);
            Assert.StartsWith(path, error.Message);
        }
    }

    private static async Task Refused(string name, Action<string> put)
    {
        using var model = new SmallModel();
        model.WriteWeights();
        model.Write("tokenizer_config.json", "{}");
        model.Delete(name);
        var path = Path.Combine(model.Path, name);
        put(path);
        var error = await Assert.ThrowsExactlyAsync<ModelFormatException>(
            () => InferenceEngine.LoadAsync(model.Path, new InferenceEngineOptions { Threads = 1 }));
        Assert.AreEqual(path, error.File);
        Assert.StartsWith(path, error.Message);
    }
}
