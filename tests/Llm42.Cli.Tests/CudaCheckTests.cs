using System.Text.Json.Nodes;
using Llm42.Cli.Determinism;
using Llm42.Testing;

namespace Llm42.Cli.Tests;

/// <summary>The check on the cuda backend.</summary>
[TestClass]
[DoNotParallelize]
public sealed class CudaCheckTests
{
    [TestMethod]
    [DynamicData(nameof(CudaDevices.All), typeof(CudaDevices))]
    public async Task Flat_model_passes_by_its_rollbacks(string device)
    {
        string model = RandomModel.FlatFor(device).Write(Directory.CreateTempSubdirectory("llm42-test-").FullName, seed: 42);
        try
        {
            Run run = await RunAsync(
                "check", model, "--device", device, "--drafter", "same", "--prompt-ids", "1,2,3", "--window", "4", "--runs", "3",
                "--tokens", "8", "--neighbours", "2", "--repetitions", "0", "--json");
            if (run.ExitCode != 0 && run.Error.Contains($"backend \"{device}\": ", StringComparison.Ordinal))
                CudaDevices.Missing(device, run.Error);
            Assert.AreEqual(0, run.ExitCode, run.ToString());
            JsonNode json = Cli.Parse(run);
            Assert.IsTrue(json["pass"]!.GetValue<bool>());
            JsonNode section = json["sections"]![0]!;
            Assert.AreEqual(device, section["engine"]!["backend"]!.GetValue<string>());
            JsonNode greedy = section["rows"]!.AsArray().First(row => row!["is_deterministic"]!.GetValue<bool>())!;
            Assert.AreEqual(1, greedy["distinct_outputs"]!.GetValue<int>());
            Assert.IsGreaterThan(0, greedy["num_rollbacks"]!.GetValue<int>(), "no draft was ever wrong: nothing was shown");
        }
        finally
        {
            Directory.Delete(model, recursive: true);
        }
    }

    /// <summary>The command with the libraries of the build, among which is the emulated backend.</summary>
    private static Task<Run> RunAsync(params string[] arguments) => Run.ProgramAsync(
        RepositoryRoot.Command,
        arguments,
        environment: new Dictionary<string, string> { ["LLM42_NATIVE_PATH"] = RepositoryRoot.InRoot("artifacts/native") });
}
