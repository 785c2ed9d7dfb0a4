using Llm42.Core.Sampling;

namespace Llm42.Core.Requests;

/// <summary>One prompt to be answered.</summary>
public sealed record GenerationRequest
{
    /// <summary>Prompt tokens, one or more.</summary>
    public required IReadOnlyList<int> PromptIds { get; init; }

    /// <summary>How tokens are chosen.</summary>
    public SamplingParameters Sampling { get; init; } = SamplingParameters.Greedy;

    /// <summary>Most tokens to generate; 0 only scores the prompt.</summary>
    public int MaxTokens { get; init; } = 16;

    /// <summary>Answer bit for bit the same whatever else the engine does.</summary>
    public bool IsDeterministic { get; init; }

    /// <summary>Tokens that end the answer; the last one committed.</summary>
    public IReadOnlySet<int> StopTokenIds { get; init; } = new HashSet<int>();

    /// <summary>Stop strings, in their state before the first generated token; null for none.</summary>
    public ITextStop? TextStop { get; init; }

    /// <summary>
    /// What the answer may look like, in its state before the first generated token; null for anything. The answer ends
    /// as if by a stop token where nothing may follow.
    /// </summary>
    public ITokenConstraint? Constraint { get; init; }

    /// <summary>How many top log-probabilities to report per generated token; 0..1024.</summary>
    public int TopLogprobs { get; init; }

    /// <summary>Score the prompt: the log-probability of each prompt token behind the one before it.</summary>
    public bool ScorePrompt { get; init; }

    /// <summary>
    /// Keep hashes of the hidden state at each position, to find where two runs part. Changes no bit of the answer,
    /// but is slow, and passes the prefix cache by, since every row must run.
    /// </summary>
    public bool CaptureLayers { get; init; }
}
