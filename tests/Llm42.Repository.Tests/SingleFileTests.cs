using System.Runtime.InteropServices;
using Llm42.Testing;

namespace Llm42.Repository.Tests;

[TestClass]
[DoNotParallelize]
public sealed class SingleFileTests
{
    public TestContext TestContext { get; set; } = null!;

    /// <summary>
    /// As `./build.sh publish` makes it, but on the .NET that is here: one that brings its own would take a minute to make,
    /// and differs in nothing that is ours.
    /// </summary>
    [TestMethod]
    public async Task The_command_is_one_file_that_finds_its_native_library_and_answers()
    {
        string folder = Directory.CreateTempSubdirectory("llm42-test-").FullName;
        try
        {
            string configuration = new DirectoryInfo(AppContext.BaseDirectory).Name == "debug" ? "Debug" : "Release";
            Run publish = await Run.ProgramAsync(
                "dotnet",
                [
                    "publish", RepositoryRoot.InRoot("src/Llm42.Cli"), "-c", configuration, "-r", RuntimeInformation.RuntimeIdentifier, "--no-self-contained",
                    "-p:PublishProfile=SingleFile", "-o", Path.Combine(folder, "files"), "-v", "quiet", "-nologo",
                ],
                cancellation: TestContext.CancellationToken);
            Assert.AreEqual(0, publish.ExitCode, publish.ToString());

            // Alone in a folder, under its own name.
            string suffix = OperatingSystem.IsWindows() ? ".exe" : "";
            string command = Path.Combine(Directory.CreateDirectory(Path.Combine(folder, "alone")).FullName, $"llm42{suffix}");
            File.Move(Path.Combine(folder, "files", $"Llm42.Cli{suffix}"), command);
            string[] question = ["generate", "demo", "--prompt", "In the beginning", "--deterministic", "--temperature", "0.7", "--seed", "42", "--max-tokens", "20"];
            Run answer = await Run.ProgramAsync(
                command, question, directory: folder, cancellation: TestContext.CancellationToken,
                environment: new Dictionary<string, string>
                {
                    ["DOTNET_ROOT"] = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..")),
                    ["DOTNET_BUNDLE_EXTRACT_BASE_DIR"] = Path.Combine(folder, "unpacked"),
                });
            Assert.AreEqual(0, answer.ExitCode, answer.ToString());
            Run expected = await Run.ProgramAsync(RepositoryRoot.Command, question, cancellation: TestContext.CancellationToken);
            Assert.IsGreaterThan(20, expected.Output.Length, expected.ToString());
            Assert.AreEqual(expected.Output, answer.Output);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
