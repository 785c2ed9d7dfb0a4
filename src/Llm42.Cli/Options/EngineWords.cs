using Llm42.Core.Engine;
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

    private static string NameOf<T>(IReadOnlyDictionary<string, T> words, T value)
        where T : struct =>
        words.First(word => EqualityComparer<T>.Default.Equals(word.Value, value)).Key;
}
