using System.Diagnostics.CodeAnalysis;

namespace Llm42.Testing;

/// <summary>
/// The devices of the cuda backend, for tests that run on each. A GPU that this machine lacks makes its tests
/// inconclusive, and with LLM42_REQUIRE_GPU=1 a failure; the backend compiled for the host stands for it everywhere.
/// </summary>
internal static class CudaDevices
{
    /// <summary>An NVIDIA GPU.</summary>
    public const string Gpu = "cuda";

    /// <summary>The cuda backend on top of the emulator of tests/cuda-emulator.</summary>
    public const string Emulated = "cuda-emulated";

    /// <summary>The test category of whatever needs a GPU.</summary>
    public const string GpuCategory = "Gpu";

    private const string RequireGpuVariable = "LLM42_REQUIRE_GPU";

    /// <summary>One row of test data per device.</summary>
    public static IEnumerable<TestDataRow<string>> All => [Row(Emulated), Row(Gpu)];

    /// <summary>The GPU alone, for what is too large for the emulator.</summary>
    public static IEnumerable<TestDataRow<string>> Gpus => [Row(Gpu)];

    /// <summary>A device as a row of test data, in the category of a GPU if it is one.</summary>
    public static TestDataRow<string> Row(string device) =>
        new(device) { TestCategories = device == Gpu ? [GpuCategory] : null };

    /// <summary>Ends a test whose device is not there.</summary>
    /// <param name="device">Its name.</param>
    /// <param name="reason">What the native library says of it.</param>
    [DoesNotReturn]
    public static void Missing(string device, string reason)
    {
        if (device == Gpu && Environment.GetEnvironmentVariable(RequireGpuVariable) == "1")
            Assert.Fail($"{device} is required by {RequireGpuVariable} and not there: {reason}");
        Assert.Inconclusive($"{device} is not there: {reason}");
    }
}
