using Llm42.Core.Engine;

namespace Llm42.Core.Observability;

/// <summary>
/// Totals of an engine since it started, or since <see cref="EngineLoop.ResetStatistics"/>, up to its last step. A
/// snapshot: it does not change. Counts are 0 or more.
/// </summary>
public sealed record EngineStatistics
{
    /// <summary>Prompt tokens of requests that ran or ended.</summary>
    public long PromptTokens { get; init; }

    /// <summary>Those of them whose keys and values were found in the prefix cache.</summary>
    public long CachedTokens { get; init; }

    /// <summary>Tokens committed to requests that did not ask for determinism.</summary>
    public long OrdinaryTokens { get; init; }

    /// <summary>Tokens committed to deterministic requests.</summary>
    public long DeterministicTokens { get; init; }

    /// <summary>Windows of one draft or more that a verify pass replayed.</summary>
    public long VerificationWindows { get; init; }

    /// <summary>Rows of those windows: the drafts, and the committed token before them.</summary>
    public long VerifyRows { get; init; }

    /// <summary>Windows of which at least one draft was rolled back.</summary>
    public long Rollbacks { get; init; }

    /// <summary>Draft tokens rolled back.</summary>
    public long TokensRolledBack { get; init; }

    /// <summary>Draft tokens proposed.</summary>
    public long TokensDrafted { get; init; }

    /// <summary>Draft tokens committed.</summary>
    public long TokensAccepted { get; init; }

    /// <summary>Tokens committed behind windows whose drafts were all accepted.</summary>
    public long BonusTokens { get; init; }

    /// <summary>Times that a request lost its KV pages and was prefilled anew.</summary>
    public long Preemptions { get; init; }

    /// <summary>Requests that ended by a stop token or a stop string.</summary>
    public long RequestsStopped { get; init; }

    /// <summary>Requests that ended by their token limit.</summary>
    public long RequestsAtLength { get; init; }

    /// <summary>Requests that their caller or the end of the engine cancelled.</summary>
    public long RequestsCancelled { get; init; }

    /// <summary>Requests that an error ended.</summary>
    public long RequestsFailed { get; init; }

    /// <summary>Steps under fast numerics.</summary>
    public long FastSteps { get; init; }

    /// <summary>Steps under invariant numerics.</summary>
    public long InvariantSteps { get; init; }

    /// <summary>What the engine holds; not touched by a reset.</summary>
    public EngineLoad Load { get; init; }

    /// <summary>Requests that ended, however.</summary>
    public long Requests => RequestsStopped + RequestsAtLength + RequestsCancelled + RequestsFailed;

    /// <summary>
    /// Tokens rolled back over tokens committed to deterministic requests: 0 where none was committed. Above 1 where
    /// more was thrown away than kept.
    /// </summary>
    public double RecomputedShare => ShareOf(TokensRolledBack, DeterministicTokens);

    internal static double ShareOf(long rolledBack, long committed) => committed == 0 ? 0 : (double)rolledBack / committed;
}
