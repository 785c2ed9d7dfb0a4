namespace Llm42.Tokenization.Bpe;

/// <summary>The settings of a BPE model.</summary>
internal sealed record BpeOptions
{
    /// <summary>What stands for a character without a token; null drops such a character.</summary>
    public string? UnknownToken { get; init; }

    /// <summary>Whether a run of unknown characters is one unknown token.</summary>
    public bool FusesUnknown { get; init; }

    /// <summary>Whether a character without a token is written as its UTF-8 bytes.</summary>
    public bool HasByteFallback { get; init; }

    /// <summary>Whether a whole word that is a token is taken as it is.</summary>
    public bool IgnoresMerges { get; init; }

    /// <summary>What precedes each symbol of a word but the first.</summary>
    public string ContinuingPrefix { get; init; } = "";

    /// <summary>What follows the last symbol of a word.</summary>
    public string EndSuffix { get; init; } = "";

    public bool HasAffixes => ContinuingPrefix.Length + EndSuffix.Length > 0;
}
