using Llm42.Testing;

namespace Llm42.Native.Tests.Devices;

/// <summary>
/// The devices that every operator test runs on. A device that this machine lacks makes its tests inconclusive; with
/// LLM42_REQUIRE_GPU=1 the absence of a GPU is a failure.
/// </summary>
internal static class DeviceMatrix
{
    /// <summary>The device that all other cpu devices are compared with.</summary>
    public const string Baseline = "cpu/portable/1";

    public static IReadOnlyList<string> Cpus { get; } =
    [
        Baseline, "cpu/portable/2", "cpu/avx2/1", "cpu/avx2/2", "cpu/avx512/1", "cpu/avx512/2",
    ];

    /// <summary>One device per instruction set: for tests whose claim has nothing to do with threads.</summary>
    public static IEnumerable<TestDataRow<string>> Isas => Rows([.. OneOfEachIsa, .. Cudas]);

    /// <summary>One cpu device per instruction set: for tests of what only the cpu backend has.</summary>
    public static IEnumerable<TestDataRow<string>> CpuIsas => Rows(OneOfEachIsa);

    /// <summary>The devices of the cuda backend.</summary>
    public static IEnumerable<TestDataRow<string>> Cuda => Rows(Cudas);

    /// <summary>One device per backend: for tests of what comes before any kernel.</summary>
    public static IEnumerable<TestDataRow<string>> OnePerBackend => Rows([Baseline, .. Cudas]);

    /// <summary>All devices.</summary>
    public static IEnumerable<TestDataRow<string>> All => Rows([.. Cpus, .. Cudas]);

    private static string[] OneOfEachIsa => [Baseline, "cpu/avx2/1", "cpu/avx512/2"];

    private static string[] Cudas => [CudaDevices.Emulated, CudaDevices.Gpu];

    /// <summary>Runs a scenario on every cpu device and demands the bits of the baseline.</summary>
    public static void AssertSameBitsOnEveryCpu(int width, Func<TestDevice, float[]> scenario)
    {
        float[] expected;
        using (TestDevice baseline = TestDevice.Open(Baseline))
        {
            expected = scenario(baseline);
        }

        List<string> missing = [];
        foreach (string name in Cpus.Where(name => name != Baseline))
        {
            using TestDevice? device = TestDevice.TryOpen(name, plannedThreads: 0, out string? reason);
            if (device is null)
            {
                missing.Add($"{name}: {reason}");
                continue;
            }

            Comparison.BitAssert.AreEqual(expected, scenario(device), width, $"{Baseline} against {name}");
        }

        if (missing.Count > 0)
        {
            Assert.Inconclusive($"equal on the devices that are there; not there: {string.Join("; ", missing)}");
        }
    }

    private static IEnumerable<TestDataRow<string>> Rows(IEnumerable<string> names) => names.Select(CudaDevices.Row);
}
