using Llm42.Receipts;

namespace Llm42.Extensions.AI;

/// <summary>What was guaranteed of an answer, and what that took.</summary>
public sealed record Guarantee
{
    /// <summary>
    /// The tokens and the bits of their log-probabilities come again for the same request and fingerprint. False where it
    /// was not asked for, or the engine's settings give the guarantee up.
    /// </summary>
    public required bool IsDeterministic { get; init; }

    /// <summary>The seed that the answer was sampled with.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Name of the invariant numerics.</summary>
    public required string NumericsProfile { get; init; }

    /// <summary>SHA-256 over all that a deterministic answer depends on beside the request.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>Windows that verify passes replayed.</summary>
    public required int VerificationWindows { get; init; }

    /// <summary>Windows of which drafts were rolled back.</summary>
    public required int Rollbacks { get; init; }

    /// <summary>Drafts rolled back.</summary>
    public required int TokensRolledBack { get; init; }

    /// <summary>
    /// What <see cref="InferenceEngine.ReplayAsync"/> makes the answer from again; null unless it is deterministic, and where
    /// <see cref="InferenceEngine.CreateReceipt"/> refuses one.
    /// </summary>
    public Receipt? Receipt { get; init; }
}
