using System.Text.Json.Nodes;

namespace Llm42.Cli.Serving;

/// <summary>What a benchmark of a server does.</summary>
internal sealed record ServingOptions
{
    /// <summary>Requests per second of a Poisson process, sent whether or not the server keeps up; null: a closed loop.</summary>
    public double? RequestRate { get; init; }

    /// <summary>Requests at once of the closed loop: each is followed by the next as soon as it has ended.</summary>
    public int Concurrency { get; init; } = 8;

    /// <summary>Requests in all; with a duration, as many as come.</summary>
    public int NumRequests { get; init; } = 100;

    /// <summary>New requests are sent for so long; null: until all are sent.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>Share of the requests that are deterministic, from 0 to 1.</summary>
    public double DeterministicShare { get; init; }

    /// <summary>What makes a request deterministic.</summary>
    public JsonObject DeterministicBody { get; init; } = new() { ["is_deterministic"] = true };

    /// <summary>A request that is not to be deterministic can say so.</summary>
    public bool CanRefuseDeterminism => DeterministicBody.ContainsKey("is_deterministic");

    /// <summary>File of prompts; null: synthetic ones.</summary>
    public string? PromptFile { get; init; }

    public LengthDistribution InputLength { get; init; } = LengthDistribution.Parse("128")!;

    public LengthDistribution OutputLength { get; init; } = LengthDistribution.Parse("128")!;

    public bool IgnoreEos { get; init; }

    public float Temperature { get; init; }

    /// <summary>Requests before the measurement, which do not count.</summary>
    public int Warmup { get; init; } = 1;

    public ServingSeeds Seeds { get; init; } = new(42, 42, 42, 42);
}
