using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Xml.Linq;
using Llm42.Testing;

namespace Llm42.Repository.Tests;

[TestClass]
[DoNotParallelize]
public sealed class PackageTests
{
    private static readonly string[] NativeFiles = [".so", ".dll", ".dylib"];
    private static LocalPackages _packages = null!;

    public TestContext TestContext { get; set; } = null!;

    [ClassInitialize]
    public static async Task PackAsync(TestContext context) => _packages = await LocalPackages.PackAsync(context.CancellationToken);

    [ClassCleanup]
    public static void Delete() => _packages.Dispose();

    [TestMethod]
    public void Packages_depend_on_each_other_as_their_projects_do()
    {
        Assert.AreEqual("Llm42 Llm42.Core Llm42.Extensions.AI Llm42.Extensions.Hosting Llm42.Native Llm42.Runtime.Cpu", string.Join(' ', _packages.Names));
        Assert.AreEqual("Llm42.Core Llm42.Native Llm42.Runtime.Cpu", Dependencies("Llm42"));
        Assert.AreEqual("", Dependencies("Llm42.Core"));
        Assert.AreEqual("", Dependencies("Llm42.Native"));
        Assert.AreEqual("", Dependencies("Llm42.Runtime.Cpu"));
        Assert.AreEqual("Llm42 Microsoft.Extensions.AI.Abstractions Microsoft.Extensions.DependencyInjection.Abstractions", Dependencies("Llm42.Extensions.AI"));
        StringAssert.StartsWith(Dependencies("Llm42.Extensions.Hosting"), "Llm42 Microsoft.Extensions.", StringComparison.Ordinal);
    }

    [TestMethod]
    public void Native_libraries_are_in_packages_of_their_own_apart_by_backend()
    {
        foreach (string name in _packages.Names)
        {
            using ZipArchive package = _packages.Open(name);
            string[] natives =
            [
                .. package.Entries.Select(entry => entry.FullName)
                    .Where(file => NativeFiles.Contains(Path.GetExtension(file)) && !file.StartsWith("lib/", StringComparison.Ordinal)),
            ];
            if (name != "Llm42.Runtime.Cpu")
            {
                Assert.IsEmpty(natives, name);
                continue;
            }

            Assert.HasCount(1, natives, string.Join(' ', natives));
            StringAssert.Matches(natives[0], new("^runtimes/[a-z]+-[a-z0-9]+/native/(lib)?llm42\\.[a-z]+$"));
        }
    }

    [TestMethod]
    public void Packages_say_what_they_are_and_nothing_of_where_they_were_made()
    {
        byte[] place = Encoding.UTF8.GetBytes(RepositoryRoot.Path);
        foreach (string name in _packages.Names)
        {
            XElement metadata = _packages.Metadata(name);
            XNamespace space = metadata.Name.Namespace;
            Assert.AreEqual("MIT", metadata.Element(space + "license")?.Value, name);
            Assert.AreEqual("README.md", metadata.Element(space + "readme")?.Value, name);
            Assert.IsGreaterThan(20, metadata.Element(space + "description")!.Value.Length, name);
            Assert.IsNull(metadata.Element(space + "repository")?.Attribute("url"), name);
            Assert.IsNull(metadata.Element(space + "projectUrl"), name);

            bool hasAssembly = name != "Llm42.Runtime.Cpu";
            using ZipArchive package = _packages.Open(name);
            Assert.AreEqual(hasAssembly, package.GetEntry($"lib/net10.0/{name}.dll") is not null, name);
            Assert.AreEqual(hasAssembly, package.GetEntry($"lib/net10.0/{name}.xml") is not null, name);
            Assert.IsNotNull(package.GetEntry("README.md"), name);
            CheckPlace(package, name, place);
            if (!hasAssembly)
                continue;
            using ZipArchive symbols = _packages.Open(name, "snupkg");
            Assert.IsNotNull(symbols.GetEntry($"lib/net10.0/{name}.pdb"), name);
            CheckPlace(symbols, name, place);
        }
    }

    /// <summary>The README's program and that of the chat client, each from packages alone.</summary>
    [TestMethod]
    public async Task Programs_outside_of_the_repository_run_on_the_packages()
    {
        CancellationToken cancellation = TestContext.CancellationToken;
        string chat = Readme.Blocks(RepositoryFiles.Read("src/Llm42.Extensions.AI/README.md"), "csharp").Single();
        await _packages.WriteProgramAsync("ReadmeProgram", Readme.Program, ["Llm42"], cancellation);
        await _packages.WriteProgramAsync(
            "ChatProgram", $"using Llm42;\nusing Llm42.Extensions.AI;\nusing Microsoft.Extensions.AI;\nvar modelPath = args[0];\n{chat}",
            ["Llm42.Extensions.AI"], cancellation);
        await _packages.BuildAsync(["ReadmeProgram", "ChatProgram"], cancellation);

        string model = CopyModel();
        Run answer = await _packages.RunProgramAsync("ReadmeProgram", model, cancellation);
        Assert.AreEqual(0, answer.ExitCode, answer.ToString());
        Run expected = await Run.ProgramAsync(
            RepositoryRoot.Command,
            ["generate", "demo", "--prompt", "In the beginning", "--deterministic", "--temperature", "0.7", "--seed", "42", "--max-tokens", "100"],
            cancellation: cancellation);
        Assert.IsGreaterThan(20, expected.Output.Length, expected.ToString());
        Assert.AreEqual(expected.Output.TrimEnd('\n'), answer.Output.TrimEnd('\n'));

        answer = await _packages.RunProgramAsync("ChatProgram", model, cancellation);
        Assert.AreEqual(0, answer.ExitCode, answer.ToString());
        Run info = await Run.ProgramAsync(RepositoryRoot.Command, ["info", "demo", "--json"], cancellation: cancellation);
        string fingerprint = JsonDocument.Parse(info.Output).RootElement.GetProperty("engine").GetProperty("fingerprint").GetString()!;
        StringAssert.EndsWith(answer.Output.TrimEnd(), $" ({fingerprint})", StringComparison.Ordinal);
        Assert.IsGreaterThan(fingerprint.Length + 20, answer.Output.Length);
    }

    private static string Dependencies(string name) => string.Join(' ', _packages.Metadata(name).Descendants()
        .Where(element => element.Name.LocalName == "dependency").Select(element => element.Attribute("id")!.Value).Order(StringComparer.Ordinal));

    private static void CheckPlace(ZipArchive package, string name, byte[] place)
    {
        foreach (ZipArchiveEntry entry in package.Entries)
        {
            using var content = new MemoryStream();
            using (Stream stream = entry.Open())
                stream.CopyTo(content);
            Assert.AreEqual(-1, content.ToArray().AsSpan().IndexOf(place), $"{name}: {entry.FullName} names the folder that it was built in");
        }
    }

    private static string CopyModel()
    {
        string folder = Directory.CreateDirectory(Path.Combine(_packages.Folder, "model")).FullName;
        foreach (string file in Directory.EnumerateFiles(RepositoryRoot.InRoot("src/Llm42.Cli/DemoModel"))
            .Where(file => Path.GetExtension(file) is ".json" or ".safetensors"))
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        File.WriteAllText(Path.Combine(folder, "chat_template.jinja"), "{% for m in messages %}{{ m.content }}\n{% endfor %}");
        return folder;
    }
}
