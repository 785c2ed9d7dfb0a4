namespace Llm42.Cli.Remote;

/// <summary>What is asked for answers.</summary>
internal enum RemoteEndpoint
{
    /// <summary>/v1/completions: a text or token ids go on.</summary>
    Completions,

    /// <summary>/v1/chat/completions: messages are answered.</summary>
    Chat,
}
