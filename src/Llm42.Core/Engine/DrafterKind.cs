namespace Llm42.Core.Engine;

/// <summary>What proposes the draft tokens of deterministic requests.</summary>
public enum DrafterKind
{
    /// <summary>
    /// <see cref="None"/> where fast numerics are invariant anyway; else <see cref="Same"/>, whenever
    /// <see cref="DeterminismMode.Auto"/> finds that drafts pay.
    /// </summary>
    Auto,

    /// <summary>The same weights under fast numerics.</summary>
    Same,

    /// <summary>Nothing: tokens are decoded under invariant numerics directly.</summary>
    None,

    /// <summary>
    /// A copy of the weights as int8: steps that read about half the memory. They hold drafting sequences alone, so that
    /// while ordinary requests decode, nothing is drafted and deterministic ones are decoded beside them. The executor must
    /// have such a copy (<see cref="Execution.ExecutorInfo.HasDraftWeights"/>).
    /// </summary>
    Int8Weights,

    /// <summary>What followed the last tokens where they stood before, in the prompt or the answer: no step of the model.</summary>
    Ngram,
}
