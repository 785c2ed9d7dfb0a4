namespace Llm42.Core.Requests;

/// <summary>How the next token is chosen. Noise is a function of (seed, position, token id) alone.</summary>
public sealed record SamplingParameters
{
    /// <summary>0 is greedy: the most likely token, ties to the lower id. Otherwise 0.01..100.</summary>
    public float Temperature { get; init; } = 1f;

    /// <summary>Keep this many of the most likely tokens; 0 keeps all.</summary>
    public int TopK { get; init; }

    /// <summary>Keep the most likely tokens until their probability reaches this. Above 0, at most 1; 1 keeps all.</summary>
    public float TopP { get; init; } = 1f;

    /// <summary>Drop tokens less likely than this times the most likely one. 0..1; 0 drops none.</summary>
    public float MinP { get; init; }

    /// <summary>Seed of the noise.</summary>
    public ulong Seed { get; init; }

    /// <summary>Greedy decoding.</summary>
    public static SamplingParameters Greedy { get; } = new() { Temperature = 0f };

    /// <summary>Throws an <see cref="ArgumentException"/> that names the first value out of range.</summary>
    public void Validate()
    {
        if (!(Temperature == 0f || (Temperature >= 0.01f && Temperature <= 100f)))
            throw new ArgumentException($"temperature is {Temperature}; it must be 0 (greedy) or 0.01..100.");
        if (TopK < 0)
            throw new ArgumentException($"top_k is {TopK}; it must be 0 (all) or more.");
        if (!(TopP > 0f && TopP <= 1f))
            throw new ArgumentException($"top_p is {TopP}; it must be above 0 and at most 1.");
        if (!(MinP >= 0f && MinP <= 1f))
            throw new ArgumentException($"min_p is {MinP}; it must be 0..1.");
    }
}
