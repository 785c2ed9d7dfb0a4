using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

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

    /// <summary>Requests that each key, or all clients together where there is none, may make in a minute; 0 for any number.</summary>
    public int RequestsPerMinute { get; init; }

    /// <summary>Allows to listen on other addresses than loopback without an API key.</summary>
    public bool IsInsecure { get; init; }

    /// <summary>Most bytes of a request's body, 1 or more.</summary>
    public int MaxBodyBytes { get; init; } = 8 << 20;

    /// <summary>Most bytes of a request's headers, 1024..1048576.</summary>
    public int MaxHeaderBytes { get; init; } = 32 << 10;

    /// <summary>Connections at once, 1 or more; further ones are closed as they come.</summary>
    public int MaxConnections { get; init; } = 4096;

    /// <summary>How long the headers of a request may take to arrive, above zero.</summary>
    public TimeSpan HeaderTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Bytes per second at which a client must send its body and read its answer, as long as there is something to send or
    /// to read; slower ones are cut off, which cancels their requests. 0 for any.
    /// </summary>
    public double MinDataRate { get; init; } = 240;

    /// <summary>How long a client may be slower than <see cref="MinDataRate"/>, above 1 s.</summary>
    public TimeSpan DataRateGrace { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a request may take before it is cancelled; zero for as long as it likes.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a server that is told to stop waits for the requests that run, before it cancels them.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Origins whose pages may call; none by default.</summary>
    public IReadOnlyList<string> AllowedOrigins { get; init; } = [];

    /// <summary>Serves a web page at /: chat, determinism lab, live figures.</summary>
    public bool ServesPage { get; init; } = true;

    /// <summary>What is logged. At <see cref="LogLevel.Information"/> there is a line for each request.</summary>
    public LogLevel LogLevel { get; init; } = LogLevel.Warning;

    /// <summary>How the log is written, to standard error.</summary>
    public LogFormat LogFormat { get; init; }

    /// <summary>
    /// Holds Kestrel's own configuration as section "Kestrel". With a default certificate in it the server speaks TLS;
    /// endpoints in it take the place of <see cref="Host"/> and <see cref="Port"/>. Variables that begin with ASPNETCORE_
    /// come before it.
    /// </summary>
    public IConfiguration? Configuration { get; init; }

    /// <summary>Throws an <see cref="ArgumentException"/> that names the first value out of range.</summary>
    internal void Validate()
    {
        Require(RequestsPerMinute >= 0, nameof(RequestsPerMinute), RequestsPerMinute, "0 (any number) or more");
        Require(MaxBodyBytes >= 1, nameof(MaxBodyBytes), MaxBodyBytes, "1 or more");
        Require(MaxHeaderBytes is >= 1024 and <= 1 << 20, nameof(MaxHeaderBytes), MaxHeaderBytes, "1024..1048576");
        Require(MaxConnections >= 1, nameof(MaxConnections), MaxConnections, "1 or more");
        Require(HeaderTimeout > TimeSpan.Zero, nameof(HeaderTimeout), HeaderTimeout, "above zero");
        Require(MinDataRate >= 0, nameof(MinDataRate), MinDataRate, "0 (any) or more");
        Require(DataRateGrace > TimeSpan.FromSeconds(1), nameof(DataRateGrace), DataRateGrace, "above 1 s");
        Require(RequestTimeout >= TimeSpan.Zero, nameof(RequestTimeout), RequestTimeout, "zero (any) or more");
        Require(DrainTimeout >= TimeSpan.Zero, nameof(DrainTimeout), DrainTimeout, "zero or more");
        foreach (var origin in AllowedOrigins)
            Require(IsOrigin(origin), nameof(AllowedOrigins), origin, "a scheme, a host and maybe a port, such as https://example.org, or *");
    }

    private static bool IsOrigin(string origin) => origin == "*"
        || (Uri.TryCreate(origin, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
            && string.Equals(uri.GetLeftPart(UriPartial.Authority), origin, StringComparison.OrdinalIgnoreCase));

    private static void Require(bool isValid, string name, object value, string range)
    {
        if (!isValid)
            throw new ArgumentException($"{name} is {value}; it must be {range}.");
    }
}
