using System.Text.RegularExpressions;
using Llm42.Testing;

namespace Llm42.Repository.Tests;

[TestClass]
public sealed partial class BuildScriptTests
{
    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task Script_alone_prints_help_from_any_folder()
    {
        Run help = await BuildAsync([], Path.GetTempPath());
        Assert.AreEqual(0, help.ExitCode, help.ToString());
        StringAssert.StartsWith(help.Output, "usage: ./build.sh VERB", StringComparison.Ordinal);
    }

    [TestMethod]
    public async Task Unknown_verb_is_refused_with_status_2()
    {
        Run run = await BuildAsync(["frobnicate"], Path.GetTempPath());
        Assert.AreEqual(2, run.ExitCode, run.ToString());
        Assert.AreEqual("", run.Output);
        StringAssert.Contains(run.Error, "'frobnicate'", StringComparison.Ordinal);
    }

    [TestMethod]
    [DataRow("--soak", "")]
    [DataRow("--soak", "soon")]
    [DataRow("--soak", "0")]
    [DataRow("--soak", "-5")]
    [DataRow("--soak", "1.5")]
    [DataRow("--frobnicate", "5")]
    [DataRow("--sanitise", "")]
    public async Task Wrong_arguments_of_test_are_refused_before_anything_is_built(string option, string value)
    {
        string[] arguments = value.Length == 0 ? ["test", option] : ["test", option, value];
        Run run = await BuildAsync(arguments, Path.GetTempPath());
        Assert.AreEqual(2, run.ExitCode, run.ToString());
        Assert.AreEqual("", run.Output);
        StringAssert.Contains(run.Error, option == "--soak" ? $"whole number of minutes, 1..99999, not '{value}'" : $"not '{option}'", StringComparison.Ordinal);
    }

    [TestMethod]
    public async Task Minutes_of_soak_reach_the_tests()
    {
        // A dotnet that tells what it was given instead of building.
        await WithToolsAsync(
            [("dotnet", "echo soak is $LLM42_SOAK_MINUTES >&2; exit 1"), ("dirname", "exec /usr/bin/dirname \"$@\"")],
            async folder =>
            {
                Run run = await Run.ProgramAsync(
                    "/bin/bash", [RepositoryRoot.InRoot("build.sh"), "test", "--soak", "90", "--sanitize"],
                    environment: new Dictionary<string, string> { ["PATH"] = folder }, cancellation: TestContext.CancellationToken);
                Assert.AreEqual(1, run.ExitCode, run.ToString());
                StringAssert.Contains(run.Error, "soak is 90\n", StringComparison.Ordinal);
            });
    }

    [TestMethod]
    public async Task Missing_tools_without_root_print_the_exact_command()
    {
        // A PATH without the tools, on which the user is not root and apt-get must not be called.
        await WithToolsAsync(
            [("id", "echo 1000"), ("apt-get", "echo called; exit 9"), ("dirname", "exec /usr/bin/dirname \"$@\"")],
            async folder =>
            {
                Run run = await Run.ProgramAsync(
                    "/bin/bash", [RepositoryRoot.InRoot("build.sh"), "native"],
                    environment: new Dictionary<string, string> { ["PATH"] = folder }, cancellation: TestContext.CancellationToken);
                Assert.AreEqual(1, run.ExitCode, run.ToString());
                Assert.AreEqual("", run.Output);
                StringAssert.Contains(
                    run.Error,
                    "\napt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends g++ cmake ninja-build\n",
                    StringComparison.Ordinal);
            });
    }

    [TestMethod]
    public void Windows_twin_has_the_same_verbs()
    {
        string[] shell = [.. ShellVerb().Matches(RepositoryFiles.Read("build.sh")).Select(match => match.Groups[1].Value).Order()];
        string[] power = [.. PowerVerb().Matches(RepositoryFiles.Read("build.ps1")).Select(match => match.Groups[1].Value).Order()];
        Assert.IsGreaterThan(5, shell.Length);
        CollectionAssert.AreEqual(shell, power.Except(["help"]).ToArray());
    }

    [TestMethod]
    public void Continuous_integration_runs_the_readmes_test_command()
    {
        StringAssert.Contains(RepositoryFiles.Read(".ci/run"), "build.sh\" test", StringComparison.Ordinal);
        CollectionAssert.Contains(Readme.Commands.ToArray(), "./build.sh test");
    }

    /// <summary>Does something with a folder that holds these scripts alone.</summary>
    private async Task WithToolsAsync((string Tool, string Script)[] tools, Func<string, Task> act)
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Inconclusive("build.sh is for Unix.");
            return;
        }

        string folder = Directory.CreateTempSubdirectory("llm42-test-").FullName;
        try
        {
            foreach ((string tool, string script) in tools)
            {
                string file = Path.Combine(folder, tool);
                await File.WriteAllTextAsync(file, $"#!/bin/sh\n{script}\n", TestContext.CancellationToken);
                File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }

            await act(folder);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private Task<Run> BuildAsync(string[] arguments, string directory)
    {
        if (OperatingSystem.IsWindows())
            Assert.Inconclusive("build.sh is for Unix.");
        return Run.ProgramAsync(RepositoryRoot.InRoot("build.sh"), arguments, directory: directory, cancellation: TestContext.CancellationToken);
    }

    [GeneratedRegex(@"^verb_(\w+)\(\)", RegexOptions.Multiline)]
    private static partial Regex ShellVerb();

    [GeneratedRegex(@"^\s*'(\w+)' \{", RegexOptions.Multiline)]
    private static partial Regex PowerVerb();
}
