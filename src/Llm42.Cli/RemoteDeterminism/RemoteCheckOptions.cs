using Llm42.Cli.Determinism;
using Llm42.Cli.Remote;

namespace Llm42.Cli.RemoteDeterminism;

/// <summary>What a check of a server does.</summary>
internal sealed record RemoteCheckOptions
{
    /// <summary>Runs, tokens, neighbours, seed and temperatures.</summary>
    public required CheckOptions Check { get; init; }

    /// <summary>Each is answered again and again.</summary>
    public required IReadOnlyList<RemotePrompt> Prompts { get; init; }

    /// <summary>The checked requests, and half of their neighbours, bear "is_deterministic": true.</summary>
    public bool IsDeterministic { get; init; }

    /// <summary>Log-probabilities must agree too, where the server gives them.</summary>
    public bool ComparesLogprobs { get; init; } = true;
}
