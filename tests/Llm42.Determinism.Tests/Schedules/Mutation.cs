namespace Llm42.Determinism.Tests.Schedules;

/// <summary>A fault planted around the engine, to show that the schedules would notice it in the engine.</summary>
internal enum Mutation
{
    /// <summary>The engine as it is.</summary>
    None,

    /// <summary>Steps with verify windows run under fast numerics.</summary>
    FastVerify,

    /// <summary>Steps with prefill rows run under fast numerics.</summary>
    FastPrefill,

    /// <summary>Steps with verify windows run through the weights that drafts come from.</summary>
    VerifiedByDraftWeights,

    /// <summary>A page that begins as the sequence goes on is not copied: its place holds what was there.</summary>
    SkippedPageCopy,

    /// <summary>Such a page is copied once the step has run.</summary>
    LatePageCopy,

    /// <summary>Such a page is not copied, and the sequence writes into the one that others share.</summary>
    SharedPageWritten,

    /// <summary>What fast steps of ordinary requests wrote is published as canonical.</summary>
    FastPagesShared,

    /// <summary>The canonical length runs one position ahead of the window: a stale row is published.</summary>
    CanonicalLengthPastWindow,

    /// <summary>A page is entered into the prefix index under tokens that it does not hold, as if only hashes were compared.</summary>
    PageNamedByOtherTokens,

    /// <summary>Drafts are committed whatever the verify pass says.</summary>
    DraftsCommittedUnverified,

    /// <summary>The first wrong draft of a window is committed like the right ones before it.</summary>
    OneDraftTooManyAccepted,

    /// <summary>Tokens are verified, but their log-probabilities are those of the drafts.</summary>
    DraftLogprobsReported,

    /// <summary>A stop token among the drafts ends the answer before it is verified.</summary>
    StopDecidedOnDrafts,

    /// <summary>The state of a constraint goes on along drafts and is not taken back with them.</summary>
    ConstraintNotRolledBack,

    /// <summary>A preempted sequence keeps its lengths, though its pages are gone.</summary>
    LengthsKeptAfterPreemption,
}
