namespace Llm42.Core.Observability;

/// <summary>What an engine counts. All but the steps are sums over its requests.</summary>
internal enum Total
{
    PromptTokens,
    CachedTokens,
    OrdinaryTokens,
    DeterministicTokens,
    VerificationWindows,
    VerifyRows,
    Rollbacks,
    TokensRolledBack,
    TokensDrafted,
    TokensAccepted,
    BonusTokens,
    Preemptions,
    Stopped,
    ReachedLength,
    Cancelled,
    Failed,
    FastSteps,
    InvariantSteps,
}
