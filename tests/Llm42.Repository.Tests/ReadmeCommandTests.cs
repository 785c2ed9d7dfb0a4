using System.Diagnostics;
using System.Text.RegularExpressions;
using Llm42.Testing;

namespace Llm42.Repository.Tests;

[TestClass]
public sealed partial class ReadmeCommandTests
{
    private const string Command = "artifacts/bin/llm42 ";

    public TestContext TestContext { get; set; } = null!;

    public static IEnumerable<object[]> Commands => Readme.Commands.Select(command => (object[])[command]);

    [TestMethod]
    [DynamicData(nameof(Commands))]
    public async Task Command_does_what_it_says(string command)
    {
        if (BuildVerb().Match(command) is { Success: true } verb)
        {
            // The verbs themselves run these tests; what can be checked here is that they exist.
            await AssertVerbExistsAsync(verb.Groups[1].Value);
            return;
        }

        if (command is "dotnet build")
            return;
        Assert.IsTrue(
            command.Contains(Command, StringComparison.Ordinal), $"there is no test for this kind of command: {command}");
        if (OperatingSystem.IsWindows())
            Assert.Inconclusive("the README's commands are written for a Unix shell.");
        Run run = await Run.ProgramAsync("bash", ["-c", command], cancellation: TestContext.CancellationToken);
        Assert.AreEqual(0, run.ExitCode, $"{command}\n{run}");
        Assert.IsGreaterThan(0, run.Output.Length, command);
    }

    [TestMethod]
    public async Task Server_answers_what_it_is_asked()
    {
        if (OperatingSystem.IsWindows())
            Assert.Inconclusive("the README's commands are written for a Unix shell.");
        IReadOnlyList<string> lines = Readme.Served.Single();
        using Process server = Run.Start("bash", ["-c", $"exec {lines[0]} --port 0"]);
        try
        {
            Task<string> log = server.StandardError.ReadToEndAsync();
            string? listening = await server.StandardOutput.ReadLineAsync();
            Assert.IsNotNull(listening, listening is null ? await log : "");
            string address = Address().Match(listening).Value;
            foreach (string line in lines.Skip(1))
            {
                StringAssert.Contains(line, "http://127.0.0.1:30000", StringComparison.Ordinal);
                Run run = await Run.ProgramAsync(
                    "bash", ["-c", line.Replace("http://127.0.0.1:30000", address, StringComparison.Ordinal)], cancellation: TestContext.CancellationToken);
                Assert.AreEqual(0, run.ExitCode, $"{line}\n{run}");
                Assert.DoesNotContain("\"error\"", run.Output, line);
                Assert.IsGreaterThan(0, run.Output.Length, line);
            }
        }
        finally
        {
            server.Kill(entireProcessTree: true);
        }
    }

    [TestMethod]
    public async Task Verbs_and_commands_in_the_running_text_exist()
    {
        Run help = await Run.ProgramAsync(RepositoryRoot.Command, ["--help"], cancellation: TestContext.CancellationToken);
        foreach (string code in Readme.Inline)
        {
            if (BuildVerb().Match(code) is { Success: true } verb)
                await AssertVerbExistsAsync(verb.Groups[1].Value);
            if (CommandVerb().Match(code) is { Success: true } word)
                StringAssert.Contains(help.Output, $"  {word.Groups[1].Value} ", StringComparison.Ordinal, $"`{code}` in the README");
        }
    }

    [TestMethod]
    public void Paths_in_the_running_text_exist()
    {
        int found = 0;
        foreach (string code in Readme.Inline.Where(code => RepositoryPath().IsMatch(code)))
        {
            string path = RepositoryRoot.InRoot(code.TrimEnd('/'));
            // What a verb makes need not be there yet.
            if (code.StartsWith("artifacts/", StringComparison.Ordinal) && code != Command.Trim())
                continue;
            Assert.IsTrue(File.Exists(path) || Directory.Exists(path), $"`{code}` in the README does not exist");
            found++;
        }

        Assert.IsGreaterThan(5, found, "the README names hardly any path: is the pattern of this test right?");
    }

    private async Task AssertVerbExistsAsync(string verb)
    {
        if (OperatingSystem.IsWindows())
            Assert.Inconclusive("build.sh is for Unix; build.ps1 is its twin.");
        Run help = await Run.ProgramAsync(RepositoryRoot.InRoot("build.sh"), ["help"], cancellation: TestContext.CancellationToken);
        StringAssert.Contains(help.Output, $"\n  {verb} ", StringComparison.Ordinal, $"build.sh has no verb {verb}");
    }

    [GeneratedRegex("http://[0-9.:]+")]
    private static partial Regex Address();

    [GeneratedRegex(@"^\./build\.sh (\w+)")]
    private static partial Regex BuildVerb();

    [GeneratedRegex(@"^(?:artifacts/bin/)?llm42 (\w+)")]
    private static partial Regex CommandVerb();

    [GeneratedRegex(@"^(\.ci|artifacts|bindings|cmake|native|src|tests)/[\w./-]*$|^[\w.-]+\.(sh|ps1|sln|md|props)$")]
    private static partial Regex RepositoryPath();
}
