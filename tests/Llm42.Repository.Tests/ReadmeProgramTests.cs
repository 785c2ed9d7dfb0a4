using Llm42.Testing;

namespace Llm42.Repository.Tests;

[TestClass]
[DoNotParallelize]
public sealed class ReadmeProgramTests
{
    private const string Project = """
        <Project Sdk="Microsoft.NET.Sdk">
          <PropertyGroup>
            <OutputType>Exe</OutputType>
            <!-- Nothing below artifacts/ is compiled by itself. -->
            <EnableDefaultCompileItems>false</EnableDefaultCompileItems>
          </PropertyGroup>
          <ItemGroup>
            <Compile Include="Program.cs" />
            <ProjectReference Include="../../../src/Llm42/Llm42.csproj" />
          </ItemGroup>
        </Project>
        """;

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public void Program_has_at_most_15_lines() =>
        Assert.IsLessThanOrEqualTo(15, Readme.Program.TrimEnd('\n').Split('\n').Length);

    [TestMethod]
    public async Task Program_compiles_and_streams_the_answer_that_the_command_gives()
    {
        string folder = RepositoryRoot.InRoot("artifacts/tmp/ReadmeProgram");
        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(Path.Combine(folder, "ReadmeProgram.csproj"), Project);
        await File.WriteAllTextAsync(Path.Combine(folder, "Program.cs"), Readme.Program);
        string release = new DirectoryInfo(AppContext.BaseDirectory).Name;
        string configuration = release == "debug" ? "Debug" : "Release";

        // The libraries are built already; building them again would disturb the tests that run beside this one.
        Run build = await Run.ProgramAsync(
            "dotnet", ["build", folder, "-c", configuration, "--no-dependencies", "-v", "quiet", "-nologo"],
            cancellation: TestContext.CancellationToken);
        Assert.AreEqual(0, build.ExitCode, build.ToString());

        string program = RepositoryRoot.InRoot($"artifacts/bin/ReadmeProgram/{release}/ReadmeProgram.dll");
        string model = RepositoryRoot.InRoot("src/Llm42.Cli/DemoModel");
        Run run = await Run.ProgramAsync("dotnet", [program, model], cancellation: TestContext.CancellationToken);
        Assert.AreEqual(0, run.ExitCode, run.ToString());

        Run command = await Run.ProgramAsync(
            RepositoryRoot.Command,
            ["generate", "demo", "--prompt", "In the beginning", "--deterministic", "--temperature", "0.7", "--seed", "42", "--max-tokens", "100"],
            cancellation: TestContext.CancellationToken);
        Assert.IsGreaterThan(20, run.Output.Length, run.ToString());
        Assert.AreEqual(command.Output.TrimEnd('\n'), run.Output.TrimEnd('\n'));
    }
}
