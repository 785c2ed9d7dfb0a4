using Llm42.Core.Engine;
using Llm42.Inspection;
using Llm42.Native;

namespace Llm42.Cli.Options;

/// <summary>The words that stand for values on the command line and in JSON.</summary>
internal static class EngineWords
{
    public static readonly IReadOnlyDictionary<string, CpuIsa> InstructionSets = new Dictionary<string, CpuIsa>
    {
        ["auto"] = CpuIsa.Auto,
        ["portable"] = CpuIsa.Portable,
        ["avx2"] = CpuIsa.Avx2,
        ["avx512"] = CpuIsa.Avx512,
    };

    public static readonly IReadOnlyDictionary<string, DeterminismMode> DeterminismModes = new Dictionary<string, DeterminismMode>
    {
        ["auto"] = DeterminismMode.Auto,
        ["dvr"] = DeterminismMode.Dvr,
        ["invariant"] = DeterminismMode.Invariant,
        ["off"] = DeterminismMode.Off,
    };

    public static readonly IReadOnlyDictionary<string, DrafterKind> Drafters = new Dictionary<string, DrafterKind>
    {
        ["auto"] = DrafterKind.Auto,
        ["same"] = DrafterKind.Same,
        ["int8"] = DrafterKind.Int8Weights,
        ["ngram"] = DrafterKind.Ngram,
        ["none"] = DrafterKind.None,
    };

    public static readonly IReadOnlyDictionary<string, VerifierKind> Verifiers = new Dictionary<string, VerifierKind>
    {
        ["invariant"] = VerifierKind.Invariant,
        ["fixed-shape"] = VerifierKind.FixedShape,
    };

    public static string Name(CpuIsa isa) => NameOf(InstructionSets, isa);

    public static string Name(DeterminismMode mode) => NameOf(DeterminismModes, mode);

    public static string Name(DrafterKind drafter) => NameOf(Drafters, drafter);

    public static string Name(VerifierKind verifier) => NameOf(Verifiers, verifier);

    /// <summary>Device, backend and, on a processor, what it computes with.</summary>
    public static string Hardware(EngineDescription engine) => Hardware(engine.Device, engine.Backend, engine.Isa, engine.Threads);

    /// <inheritdoc cref="Hardware(EngineDescription)"/>
    public static string Hardware(DeviceDescription device) => Hardware(device.Device, device.Backend, device.Isa, device.Threads);

    /// <summary>What fast numerics plan for.</summary>
    public static string FastNumerics(EngineDescription engine) => FastNumerics(engine.Threads, engine.PlannedThreads);

    /// <inheritdoc cref="FastNumerics(EngineDescription)"/>
    public static string FastNumerics(DeviceDescription device) => FastNumerics(device.Threads, device.PlannedThreads);

    private static string Hardware(string device, string backend, CpuIsa isa, int threads) => threads == 0
        ? $"{device} ({backend})"
        : $"{device} ({backend}), {Name(isa)}, {threads} threads";

    private static string FastNumerics(int threads, int plannedThreads) => threads == 0
        ? "fast numerics"
        : $"fast numerics planned for {plannedThreads} threads";

    private static string NameOf<T>(IReadOnlyDictionary<string, T> words, T value)
        where T : struct =>
        words.First(word => EqualityComparer<T>.Default.Equals(word.Value, value)).Key;
}
