using System.Text.Json.Nodes;

namespace Llm42.Cli.Remote;

/// <summary>Which server is asked, and how.</summary>
internal sealed record RemoteOptions
{
    public required ServerAddress Address { get; init; }

    /// <summary>Null where the server asks for none.</summary>
    public string? ApiKey { get; init; }

    /// <summary>Null: the first that the server lists.</summary>
    public string? Model { get; init; }

    public RemoteEndpoint Endpoint { get; init; } = RemoteEndpoint.Completions;

    /// <summary>Fields for every request.</summary>
    public JsonObject? ExtraBody { get; init; }

    /// <summary>Longest that an answer may take, from the sending of its request to its end.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(600);
}
