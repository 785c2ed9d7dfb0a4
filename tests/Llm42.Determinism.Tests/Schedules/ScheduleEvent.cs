namespace Llm42.Determinism.Tests.Schedules;

/// <summary>What a population of schedules must contain to prove something.</summary>
internal enum ScheduleEvent
{
    /// <summary>A verify pass disagreed with a draft that nobody had changed.</summary>
    NaturalRollback,

    /// <summary>A verify pass disagreed with a changed draft, or was made to.</summary>
    ForcedRollback,

    /// <summary>A sequence lost its pages.</summary>
    Preemption,

    /// <summary>A sequence lost its pages while it had drafts.</summary>
    PreemptionWithDrafts,

    /// <summary>A sequence found keys and values in the prefix cache.</summary>
    CacheHit,

    /// <summary>It found all of its prompt but the last token, which must run.</summary>
    FullPromptHit,

    /// <summary>It found a page of which it shares only the beginning.</summary>
    PartialPageHit,

    /// <summary>A page was copied before a step.</summary>
    PageCopy,

    /// <summary>Cancelled before its end.</summary>
    Cancellation,

    /// <summary>Cancelled while it had drafts.</summary>
    CancellationWithDrafts,

    /// <summary>Several windows in one verify pass.</summary>
    GroupOfWindows,

    /// <summary>One step with prefill, verify and decode rows.</summary>
    FusedStep,

    /// <summary>A cached page was taken from the prefix index while sequences ran.</summary>
    Eviction,

    /// <summary>Two sequences filled a page with the same tokens, each its own.</summary>
    PageFilledTwice,

    /// <summary>A window ended by a stop token or stop pair: no bonus token was committed.</summary>
    WindowCutByStop,

    /// <summary>A window shorter than W, because the answer may not become longer.</summary>
    WindowCutByLength,

    /// <summary>A draft may have ended the answer, and was rolled back.</summary>
    StopTakenBack,

    /// <summary>A rollback from one page into the page before it.</summary>
    RollbackOverPageEdge,

    /// <summary>A decode row of a deterministic request was canonical, because it rode in an invariant step.</summary>
    CommittedWithoutDraft,

    /// <summary>Several decode steps in one plan.</summary>
    Chain,

    /// <summary>A token of a chain ended a sequence, or may end it, so that what the chain brought behind it was dropped.</summary>
    ChainCut,

    /// <summary>Steps that drafted with another form of the weights.</summary>
    OtherWeights,

    /// <summary>A draft that was found in the text, and accepted.</summary>
    LookedUp,

    /// <summary>A deterministic answer of int8 weights that was compared.</summary>
    Int8Compared,

    /// <summary>A prompt that was scored.</summary>
    ScoredPrompt,

    /// <summary>A deterministic answer that was compared with the one it must be.</summary>
    AnswerCompared,
}
