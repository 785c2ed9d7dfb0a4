using Llm42.Cli.Determinism;

namespace Llm42.Gpu.Tests;

/// <summary>Models with random weights, written when they are first asked for and removed when the tests end.</summary>
[TestClass]
public static class GpuModels
{
    private static readonly string Folder = Path.Combine(Path.GetTempPath(), $"llm42-gpu-{Environment.ProcessId}");

    private static readonly Dictionary<string, string> Written = [];

    /// <summary>What the emulator runs in a millisecond or two.</summary>
    private static readonly RandomModel Small = new()
    {
        Hidden = 64, Intermediate = 96, Layers = 2, QueryHeads = 4, KvHeads = 2, HeadSize = 16, Vocabulary = 256, MaxContext = 512,
        Head = RandomHead.Independent, IsExactInBf16 = true,
    };

    /// <summary>
    /// The output matrix is as large as it must be for fast numerics to sum it otherwise than invariant ones: its depth
    /// makes two segments under the latter, and its rows make tiles enough for the device without them.
    /// </summary>
    private static readonly RandomModel Flat = new()
    {
        Hidden = 512, Intermediate = 32, Layers = 2, QueryHeads = 4, KvHeads = 2, HeadSize = 16, Vocabulary = 1024, MaxContext = 256,
        Head = RandomHead.FlatInBf16,
    };

    private static readonly RandomModel LargeFlat = Flat with
    {
        Intermediate = 1408, Layers = 4, QueryHeads = 8, HeadSize = 64, Vocabulary = 16384, MaxContext = 4096,
    };

    private static readonly RandomModel Large = LargeFlat with
    {
        Layers = 2, Vocabulary = 8192, Head = RandomHead.Independent, IsExactInBf16 = true,
    };

    /// <summary>Logits like those of any model, and weights that are the same on every backend.</summary>
    internal static string Usual(GpuDevice device) => device.IsEmulated ? Of("small", Small) : Of("large", Large);

    /// <summary>Logits so flat that the order of additions decides which is largest.</summary>
    internal static string Flattened(GpuDevice device) => device.IsEmulated ? Of("flat", Flat) : Of("large-flat", LargeFlat);

    [AssemblyCleanup]
    public static void Remove()
    {
        if (Directory.Exists(Folder))
            Directory.Delete(Folder, recursive: true);
    }

    private static string Of(string name, RandomModel model)
    {
        if (!Written.TryGetValue(name, out string? directory))
            Written[name] = directory = model.Write(Path.Combine(Folder, name), seed: 42);
        return directory;
    }
}
