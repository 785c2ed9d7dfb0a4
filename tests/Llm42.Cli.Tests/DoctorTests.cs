using System.Text.Json.Nodes;
using Llm42.Testing;

namespace Llm42.Cli.Tests;

[TestClass]
[DoNotParallelize]
public sealed class DoctorTests
{
    [TestMethod]
    public async Task Healthy_machine_is_told_so()
    {
        JsonNode json = await Cli.JsonAsync("doctor");
        Assert.IsTrue(json["ok"]!.GetValue<bool>());
        JsonNode library = Find(json, "native library");
        Assert.AreEqual("found", library["state"]!.GetValue<string>());
        StringAssert.Contains(library["detail"]!.GetValue<string>(), "ABI version", StringComparison.Ordinal);
        foreach (string subject in (string[])["CPU", "memory", "NVIDIA driver", "cuda backend", "clang", "cmake"])
            Assert.IsGreaterThan(0, Find(json, subject)["detail"]!.GetValue<string>().Length);
    }

    [TestMethod]
    public async Task Missing_native_library_fails_with_the_way_out()
    {
        Run run = await Run.ProgramAsync(
            RepositoryRoot.Command, ["doctor", "--json"],
            environment: new Dictionary<string, string> { ["LLM42_NATIVE_PATH"] = "no-such-library.so" });
        Assert.AreEqual(1, run.ExitCode, run.ToString());
        JsonNode library = Find(Cli.Parse(run), "native library");
        Assert.AreEqual("broken", library["state"]!.GetValue<string>());
        StringAssert.Contains(library["detail"]!.GetValue<string>(), "no-such-library.so", StringComparison.Ordinal);
        StringAssert.Contains(library["fix"]!.GetValue<string>(), "./build.sh native", StringComparison.Ordinal);
    }

    [TestMethod]
    public async Task Tools_that_are_not_on_the_path_are_not_found()
    {
        Run run = await Run.ProgramAsync(
            RepositoryRoot.Command, ["doctor"],
            environment: new Dictionary<string, string> { ["PATH"] = RepositoryRoot.InRoot("src"), ["DOTNET_ROOT"] = DotnetRoot() });
        Assert.AreEqual(0, run.ExitCode, run.ToString());
        string cmake = run.Output.Split('\n').Single(line => line.StartsWith("cmake", StringComparison.Ordinal));
        StringAssert.Contains(cmake, "not found", StringComparison.Ordinal);
    }

    private static JsonNode Find(JsonNode json, string subject) =>
        json["findings"]!.AsArray().Single(finding => finding!["subject"]!.GetValue<string>() == subject)!;

    private static string DotnetRoot() =>
        Path.GetFullPath(Path.Combine(System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
}
