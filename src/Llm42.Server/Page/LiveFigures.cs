using Llm42.Server.Operation;

namespace Llm42.Server.Page;

/// <summary>Totals and loads of a server at a moment; the page draws what changes from one to the next.</summary>
internal sealed record LiveFigures
{
    /// <summary>Milliseconds since the server started.</summary>
    public required long Milliseconds { get; init; }

    public required long PromptTokens { get; init; }

    /// <summary>Prompt tokens found in the prefix cache.</summary>
    public required long CachedTokens { get; init; }

    /// <summary>Tokens committed to requests that did not ask for determinism.</summary>
    public required long OrdinaryTokens { get; init; }

    /// <summary>Tokens committed to deterministic requests.</summary>
    public required long DeterministicTokens { get; init; }

    public required long VerificationWindows { get; init; }

    public required long TokensDrafted { get; init; }

    /// <summary>Drafts committed.</summary>
    public required long TokensAccepted { get; init; }

    public required long TokensRolledBack { get; init; }

    public required long Rollbacks { get; init; }

    public required long BonusTokens { get; init; }

    public required long Preemptions { get; init; }

    /// <summary>Requests that ended, however.</summary>
    public required long Requests { get; init; }

    /// <summary>Sequences that the engine runs.</summary>
    public required int Running { get; init; }

    /// <summary>Sequences that wait for pages or for a place.</summary>
    public required int Waiting { get; init; }

    public required int FreePages { get; init; }

    public required int CachedPages { get; init; }

    public required int OwnedPages { get; init; }

    public required bool IsDraining { get; init; }

    public static LiveFigures Of(ServedModel model, ServerState state, TimeSpan age)
    {
        var statistics = model.Engine.Statistics;
        var load = statistics.Load;
        return new LiveFigures
        {
            Milliseconds = (long)age.TotalMilliseconds,
            PromptTokens = statistics.PromptTokens,
            CachedTokens = statistics.CachedTokens,
            OrdinaryTokens = statistics.OrdinaryTokens,
            DeterministicTokens = statistics.DeterministicTokens,
            VerificationWindows = statistics.VerificationWindows,
            TokensDrafted = statistics.TokensDrafted,
            TokensAccepted = statistics.TokensAccepted,
            TokensRolledBack = statistics.TokensRolledBack,
            Rollbacks = statistics.Rollbacks,
            BonusTokens = statistics.BonusTokens,
            Preemptions = statistics.Preemptions,
            Requests = statistics.Requests,
            Running = load.Running,
            Waiting = load.Waiting,
            FreePages = load.FreePages,
            CachedPages = load.CachedPages,
            OwnedPages = load.OwnedPages,
            IsDraining = state.IsDraining,
        };
    }
}
