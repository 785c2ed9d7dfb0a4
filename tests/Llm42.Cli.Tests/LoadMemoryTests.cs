using System.Diagnostics;
using Llm42.Testing;

namespace Llm42.Cli.Tests;

/// <summary>A model is never in memory twice while it is loaded.</summary>
[TestClass]
[DoNotParallelize]
public sealed class LoadMemoryTests
{
    private const long Size = 96 << 20;

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task Loading_takes_no_more_than_the_weights_and_a_fifth()
    {
        if (!OperatingSystem.IsLinux())
            Assert.Inconclusive("the peak of a process is read from /proc.");
        DirectoryInfo small = Directory.CreateTempSubdirectory("llm42-test-"), large = Directory.CreateTempSubdirectory("llm42-test-");
        try
        {
            long rest = await PeakOfLoadingAsync(small.FullName, 0) - SyntheticModel.WeightsIn(small.FullName);
            long loaded = await PeakOfLoadingAsync(large.FullName, Size);
            long weights = SyntheticModel.WeightsIn(large.FullName);
            Assert.IsInRange(Size / 2, Size, weights);
            Assert.IsGreaterThan(weights, loaded - rest, "the weights are not in memory: what was measured?");
            Assert.IsLessThanOrEqualTo(weights * 12 / 10, loaded - rest, $"{loaded} with {weights} of weights, {rest} without");
        }
        finally
        {
            small.Delete(recursive: true);
            large.Delete(recursive: true);
        }
    }

    /// <summary>The peak of the command up to its first token, by when all has been loaded.</summary>
    private async Task<long> PeakOfLoadingAsync(string model, long bytes)
    {
        SyntheticModel.Write(model, bytes);
        using Process process = Run.Start(
            RepositoryRoot.Command, ["generate", model, "--prompt-ids", "1,2,3", "--max-context", "1024", "--max-tokens", "1000", "--ignore-eos"]);
        try
        {
            char[] first = new char[1];
            Assert.AreEqual(1, await process.StandardOutput.ReadAsync(first, TestContext.CancellationToken), "the command wrote nothing");
            return PeakMemory.Of(process.Id) ?? throw new AssertFailedException("the process ended before its peak was read");
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync(TestContext.CancellationToken);
        }
    }
}
