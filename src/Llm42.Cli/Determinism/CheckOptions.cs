namespace Llm42.Cli.Determinism;

/// <summary>What a check does.</summary>
internal sealed record CheckOptions
{
    /// <summary>The prompt that is answered again and again.</summary>
    public required IReadOnlyList<int> PromptIds { get; init; }

    /// <summary>Answers per row of the table; the first one alone, the others amid load.</summary>
    public int Runs { get; init; } = 24;

    /// <summary>Tokens per answer.</summary>
    public int Tokens { get; init; } = 96;

    /// <summary>Most neighbours of a run.</summary>
    public int Neighbours { get; init; } = 16;

    /// <summary>Seed of the load, and of the sampling noise where the temperature is not 0.</summary>
    public ulong Seed { get; init; } = 42;

    /// <summary>Repetitions of each throughput measurement; 0 measures none.</summary>
    public int Repetitions { get; init; } = 7;

    /// <summary>Find out where in the model the answers of runs amid load part from the answer alone.</summary>
    public bool Explain { get; init; }

    /// <summary>Temperatures of the checked requests.</summary>
    public IReadOnlyList<float> Temperatures { get; init; } = [0f, 0.7f];

    /// <summary>Concurrent requests of the throughput measurements.</summary>
    public IReadOnlyList<int> Concurrencies { get; } = [1, 4, 16];

    /// <summary>How a checked request is answered.</summary>
    public GenerationOptions RequestOf(bool isDeterministic, float temperature) => new()
    {
        MaxTokens = Tokens,
        Temperature = temperature,
        Seed = Seed,
        IsDeterministic = isDeterministic,
        IgnoreEos = true,
    };
}
