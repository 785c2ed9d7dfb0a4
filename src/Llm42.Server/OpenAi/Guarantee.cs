namespace Llm42.Server.OpenAi;

/// <summary>The object "llm42" of a response: what was guaranteed, and what that took.</summary>
internal sealed record Guarantee
{
    /// <summary>
    /// The tokens and the bits of their log-probabilities come again for the same request and fingerprint. False where it
    /// was not asked for, or the engine's settings give the guarantee up.
    /// </summary>
    public required bool IsDeterministic { get; init; }

    /// <summary>The seed that the (first) answer was sampled with.</summary>
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

    public static Guarantee Of(ServedModel model, GenerationOptions options, IReadOnlyList<GenerationChunk> lasts) => new()
    {
        IsDeterministic = options.IsDeterministic && model.Engine.GuaranteesDeterminism,
        Seed = options.Seed,
        NumericsProfile = model.NumericsProfile,
        Fingerprint = model.Engine.Engine.Fingerprint,
        VerificationWindows = lasts.Sum(last => last.Statistics!.VerificationWindows),
        Rollbacks = lasts.Sum(last => last.Statistics!.Rollbacks),
        TokensRolledBack = lasts.Sum(last => last.Statistics!.TokensRolledBack),
    };
}
