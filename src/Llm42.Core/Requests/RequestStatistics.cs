namespace Llm42.Core.Requests;

/// <summary>Counts of one request. Written by the engine thread.</summary>
public sealed class RequestStatistics
{
    /// <summary>Windows of one draft or more that a verify pass replayed.</summary>
    public int VerificationWindows { get; internal set; }

    /// <summary>Rows of those windows: the drafts, and the committed token before them.</summary>
    public int VerifyRows { get; internal set; }

    /// <summary>Windows of which at least one draft was rolled back.</summary>
    public int Rollbacks { get; internal set; }

    /// <summary>Draft tokens rolled back.</summary>
    public int TokensRolledBack { get; internal set; }

    /// <summary>Draft tokens proposed.</summary>
    public int TokensDrafted { get; internal set; }

    /// <summary>Draft tokens committed.</summary>
    public int TokensAccepted { get; internal set; }

    /// <summary>Tokens committed behind windows of one draft or more that were all accepted.</summary>
    public int BonusTokens { get; internal set; }

    /// <summary>Prompt tokens whose keys and values were found in the prefix cache.</summary>
    public int CachedTokens { get; internal set; }

    /// <summary>Times that the request lost its KV pages and was prefilled anew.</summary>
    public int Preemptions { get; internal set; }
}
