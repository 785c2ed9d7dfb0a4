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
}
