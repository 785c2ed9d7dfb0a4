using Llm42.Core.Execution;

namespace Llm42.Core.Engine;

/// <summary>Policy of the engine. With the invariant verifier none of it changes a bit of a deterministic answer.</summary>
public sealed record EngineOptions
{
    /// <summary>Requests that run at once; further ones wait. 1..65536.</summary>
    public int MaxSequences { get; init; } = 64;

    /// <summary>Rows of one step, over all requests. At least MaxSequences + Window + 1.</summary>
    public int MaxBatchTokens { get; init; } = 1024;

    /// <summary>Most prompt rows of one request in a step. 1 or more.</summary>
    public int PrefillChunk { get; init; } = 512;

    /// <summary>Requests that may wait; one more is refused. 1 or more.</summary>
    public int QueueCapacity { get; init; } = 1024;

    /// <summary>Most drafts of a request before a verify pass (W). 1..4096.</summary>
    public int Window { get; init; } = 64;

    /// <summary>
    /// Most windows in one verify pass (G). 1..4096. Where the engine adapts (<see cref="DeterminismMode.Auto"/>), as
    /// many as MaxBatchTokens holds.
    /// </summary>
    public int VerifyGroup { get; init; } = 8;

    /// <summary>
    /// Most decode steps that run on the device before the host reads their tokens, 1..256; 0: what suits the device. A
    /// request that arrives meanwhile waits for their end.
    /// </summary>
    public int ChainedSteps { get; init; }

    /// <summary>How deterministic requests are answered.</summary>
    public DeterminismMode Determinism { get; init; } = DeterminismMode.Auto;

    /// <summary>What proposes drafts.</summary>
    public DrafterKind Drafter { get; init; } = DrafterKind.Auto;

    /// <summary>How drafts are verified.</summary>
    public VerifierKind Verifier { get; init; } = VerifierKind.Invariant;

    /// <summary>
    /// Keep canonical keys and values for requests that begin alike. Null: wherever the verifier is invariant. The
    /// fixed-shape verifier must do without, since its bits depend on how a prompt was run.
    /// </summary>
    public bool? PrefixCache { get; init; }

    /// <summary>
    /// Fault injection for tests and studies: 100 compares honestly; 0 never rolls back, which gives the guarantee
    /// up; any other x forces mismatches so that ceil(x% of the window) drafts roll back.
    /// </summary>
    public double SkipMismatch { get; init; } = 100;

    /// <summary>
    /// For benchmarks of models that were never trained: a draft counts as right by a chance of its own, 0..1, whatever the
    /// verifier says, which gives the guarantee up. Null compares.
    /// </summary>
    internal double? ForcedAcceptance { get; init; }

    /// <summary>Check the KV bookkeeping after every step; slow. On by default in debug builds only.</summary>
    public bool CheckIntegrity { get; init; }
#if DEBUG
        = true;
#endif

    /// <summary>
    /// How an executor's deterministic requests are answered. <see cref="DeterminismMode.Auto"/> stays where there is
    /// something to choose: neither the options nor the executor's numerics say that drafts are wanted or idle.
    /// </summary>
    public DeterminismMode ResolveDeterminism(ExecutorInfo info) => (Determinism, Drafter) switch
    {
        (not DeterminismMode.Auto, _) => Determinism,
        (_, DrafterKind.None) => DeterminismMode.Invariant,
        (_, DrafterKind.Same) => DeterminismMode.Dvr,
        (_, DrafterKind.Int8Weights or DrafterKind.Ngram) => DeterminismMode.Auto,
        _ when Verifier == VerifierKind.FixedShape => DeterminismMode.Dvr,
        _ => info.FastIsInvariant ? DeterminismMode.Invariant : DeterminismMode.Auto,
    };

    /// <summary>The drafter in use on an executor, <see cref="DrafterKind.Auto"/> resolved.</summary>
    public DrafterKind ResolveDrafter(ExecutorInfo info) => ResolveDeterminism(info) switch
    {
        DeterminismMode.Invariant or DeterminismMode.Off => DrafterKind.None,
        _ => Drafter is DrafterKind.Int8Weights or DrafterKind.Ngram ? Drafter : DrafterKind.Same,
    };

    /// <summary>Throws an <see cref="ArgumentException"/> that names the first value out of range.</summary>
    public void Validate()
    {
        Require(MaxSequences is >= 1 and <= 65536, nameof(MaxSequences), MaxSequences, "1..65536");
        Require(PrefillChunk >= 1, nameof(PrefillChunk), PrefillChunk, "1 or more");
        Require(QueueCapacity >= 1, nameof(QueueCapacity), QueueCapacity, "1 or more");
        Require(Window is >= 1 and <= 4096, nameof(Window), Window, "1..4096");
        Require(VerifyGroup is >= 1 and <= 4096, nameof(VerifyGroup), VerifyGroup, "1..4096");
        Require(ChainedSteps is >= 0 and <= 256, nameof(ChainedSteps), ChainedSteps, "0 (what suits the device) or 1..256");
        Require(SkipMismatch is >= 0 and <= 100, nameof(SkipMismatch), SkipMismatch, "0..100");
        Require(ForcedAcceptance is null or (>= 0 and <= 1), nameof(ForcedAcceptance), ForcedAcceptance ?? 0, "0..1");
        Require(Enum.IsDefined(Determinism), nameof(Determinism), Determinism, "Auto, Dvr, Invariant or Off");
        Require(Enum.IsDefined(Drafter), nameof(Drafter), Drafter, "Auto, Same, Int8Weights, Ngram or None");
        Require(Enum.IsDefined(Verifier), nameof(Verifier), Verifier, "Invariant or FixedShape");
        Require(
            MaxBatchTokens >= MaxSequences + Window + 1 && MaxBatchTokens <= 1 << 20,
            nameof(MaxBatchTokens), MaxBatchTokens, $"MaxSequences + Window + 1 = {MaxSequences + Window + 1} or more, up to 1048576");
        Require(
            Determinism != DeterminismMode.Dvr || Drafter != DrafterKind.None,
            nameof(Drafter), Drafter, "Auto, Same, Int8Weights or Ngram with Determinism = Dvr, which verifies drafts");
        Require(
            Determinism != DeterminismMode.Invariant || Drafter is DrafterKind.Auto or DrafterKind.None,
            nameof(Drafter), Drafter, "Auto or None with Determinism = Invariant, which drafts nothing");
        if (Verifier == VerifierKind.FixedShape)
            ValidateFixedShape();
    }

    /// <summary>Rows of a fixed-shape verify pass: each window has its drafts and the token before them.</summary>
    internal int FixedShapeRows => VerifyGroup * (Window + 1);

    private void ValidateFixedShape()
    {
        Require(
            Determinism is DeterminismMode.Auto or DeterminismMode.Dvr, nameof(Determinism), Determinism,
            "Auto or Dvr with the fixed-shape verifier, whose windows need drafts");
        Require(
            Drafter is DrafterKind.Auto or DrafterKind.Same, nameof(Drafter), Drafter,
            "Auto or Same with the fixed-shape verifier, which needs drafts of fast numerics");
        Require(
            PrefixCache != true, nameof(PrefixCache), true,
            "false or null with the fixed-shape verifier, whose keys and values depend on how a prompt was run");
        Require(
            FixedShapeRows <= MaxBatchTokens, nameof(MaxBatchTokens), MaxBatchTokens,
            $"VerifyGroup x (Window + 1) = {FixedShapeRows} or more with the fixed-shape verifier");
    }

    private static void Require(bool holds, string name, object value, string range)
    {
        if (!holds)
            throw new ArgumentException($"{name} is {value}; it must be {range}.", name);
    }
}
