using Llm42.Cli.Synthetic;
using Llm42.Cli.Throughput;

namespace Llm42.Cli.Traces;

/// <summary>What `bench trace` does.</summary>
internal sealed record TraceOptions
{
    public required ModelShape Shape { get; init; }

    public required WeightFormat Weights { get; init; }

    public required EngineVariant Variant { get; init; }

    public required InferenceEngineOptions Machine { get; init; }

    /// <summary>The file's name.</summary>
    public required string Trace { get; init; }

    /// <summary>Its requests, as it has them.</summary>
    public required IReadOnlyList<TraceArrival> Arrivals { get; init; }

    /// <summary>Arrivals come so many times as fast, above 0.</summary>
    public double Speed { get; init; } = 1;

    /// <summary>Prompts and answers are so many times as long, above 0.</summary>
    public double LengthScale { get; init; } = 1;

    /// <summary>Shares of deterministic requests, each a run of its own.</summary>
    public required IReadOnlyList<double> Shares { get; init; }

    /// <summary>The requests as they are sent: at least a token each, and two of an answer.</summary>
    public IReadOnlyList<TraceArrival> Scaled =>
    [
        .. Arrivals.Select(one => new TraceArrival(
            one.At / Speed, Math.Max(1, (int)Math.Round(one.Context * LengthScale)), Math.Max(2, (int)Math.Round(one.Generated * LengthScale)))),
    ];
}
