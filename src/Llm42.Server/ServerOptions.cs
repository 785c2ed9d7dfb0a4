namespace Llm42.Server;

/// <summary>Where a server listens, whom it serves and how much it takes on.</summary>
public sealed record ServerOptions
{
    /// <summary>Address to listen on: an IP address or "localhost". Others than loopback need an API key, or <see cref="IsInsecure"/>.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>Port, 0..65535; 0 for any that is free.</summary>
    public int Port { get; init; } = 30000;

    /// <summary>What clients call the model; null for the name of its directory.</summary>
    public string? ModelName { get; init; }

    /// <summary>Requests that say nothing of determinism are deterministic.</summary>
    public bool IsDeterministicByDefault { get; init; }

    /// <summary>
    /// Seed of requests that name none. Null: 0 for deterministic requests, and for others a number that the server draws
    /// and reports.
    /// </summary>
    public ulong? DefaultSeed { get; init; }

    /// <summary>Keys of which a request must bear one; none for no check.</summary>
    public IReadOnlyList<string> ApiKeys { get; init; } = [];

    /// <summary>Requests that each key may make in a minute; 0 for any number.</summary>
    public int RequestsPerMinute { get; init; }

    /// <summary>Allows to listen on other addresses than loopback without an API key.</summary>
    public bool IsInsecure { get; init; }

    /// <summary>Most bytes of a request's body, 1 or more.</summary>
    public int MaxBodyBytes { get; init; } = 8 << 20;

    /// <summary>How long a request may take before it is cancelled; zero for as long as it likes.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a server that is told to stop waits for the requests that run.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Origins whose pages may call; none by default.</summary>
    public IReadOnlyList<string> AllowedOrigins { get; init; } = [];

    /// <summary>Serves a web page at /: chat, determinism lab, live figures.</summary>
    public bool ServesPage { get; init; } = true;
}
