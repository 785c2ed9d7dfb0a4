using Llm42.Cli.Options;
using Llm42.Core.Engine;

namespace Llm42.Cli.Throughput;

/// <summary>A way to set an engine up.</summary>
/// <param name="Kv">dtype of keys and values.</param>
/// <param name="Determinism">How deterministic requests are answered.</param>
/// <param name="Drafter">What proposes drafts.</param>
/// <param name="Window">Most drafts before a verify pass.</param>
/// <param name="VerifyGroup">Most windows in one.</param>
internal sealed record EngineVariant(string Kv, DeterminismMode Determinism, DrafterKind Drafter, int Window, int VerifyGroup)
{
    /// <summary>Two wishes that exclude each other are no variant: nothing to verify without drafts, nothing to draft without a verifier.</summary>
    public bool IsPossible => (Determinism, Drafter) is not ((DeterminismMode.Dvr, DrafterKind.None) or (DeterminismMode.Invariant, not (DrafterKind.Auto or DrafterKind.None)));

    /// <summary>"dvr, drafter same, kv bf16".</summary>
    public string Name => $"{EngineWords.Name(Determinism)}, drafter {EngineWords.Name(Drafter)}, kv {Kv}";

    /// <summary>The settings of an engine of this kind.</summary>
    /// <param name="machine">What does not depend on the variant.</param>
    /// <param name="sequences">Most requests at once.</param>
    /// <param name="length">Positions of each.</param>
    public InferenceEngineOptions EngineOptions(InferenceEngineOptions machine, int sequences, int length)
    {
        int most = Math.Max(sequences, machine.Engine.MaxSequences);
        return machine with
        {
            KvDtype = Kv,
            MaxContext = length,
            // Twice: the prompts of the next sample come while the cache still holds those of the last.
            KvPages = 2 * sequences * ((length / machine.PageSize) + 2),
            Engine = machine.Engine with
            {
                Determinism = Determinism,
                Drafter = Drafter,
                Window = Window,
                VerifyGroup = VerifyGroup,
                MaxSequences = most,
                MaxBatchTokens = Math.Max(machine.Engine.MaxBatchTokens, most + Window + 1),
            },
        };
    }
}
