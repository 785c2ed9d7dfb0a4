using Llm42.Cli.Synthetic;

namespace Llm42.Cli.Throughput;

/// <summary>What `bench throughput` measures.</summary>
internal sealed record ThroughputOptions
{
    /// <summary>Models.</summary>
    public required IReadOnlyList<ModelShape> Shapes { get; init; }

    /// <summary>How their weights are stored.</summary>
    public required IReadOnlyList<WeightFormat> Weights { get; init; }

    /// <summary>Engines that are compared.</summary>
    public required IReadOnlyList<EngineVariant> Variants { get; init; }

    /// <summary>Requests at once.</summary>
    public required IReadOnlyList<int> Batches { get; init; }

    /// <summary>Shares of deterministic requests, 0 to 1.</summary>
    public required IReadOnlyList<double> Shares { get; init; }

    /// <summary>Tokens of a prompt.</summary>
    public int PromptLength { get; init; } = 512;

    /// <summary>Tokens of an answer.</summary>
    public int OutputLength { get; init; } = 64;

    /// <summary>Samples of each row.</summary>
    public int Repetitions { get; init; } = 5;

    /// <summary>Device, threads and all else that is the same for all variants.</summary>
    public InferenceEngineOptions Machine { get; init; } = new();

    /// <summary>A model to measure instead of random weights, a directory or `demo`; null for none.</summary>
    public string? Model { get; init; }

    /// <summary>What prompts are made of.</summary>
    public ThroughputPrompts Prompts { get; init; } = new(null);

    /// <summary>Chance of a draft to be taken for right; null where drafts are compared.</summary>
    public double? ForcedAcceptance => Machine.Engine.ForcedAcceptance;

    /// <summary>Where llama.cpp is, or is installed; null for no such comparison.</summary>
    public string? PeerFolder { get; init; }

    /// <summary>How llama.cpp's weights are stored; as <see cref="Weights"/> unless asked for.</summary>
    public IReadOnlyList<WeightFormat> PeerWeights { get; init; } = [];

    /// <summary>Positions that each request takes.</summary>
    public int Length => PromptLength + OutputLength;
}
