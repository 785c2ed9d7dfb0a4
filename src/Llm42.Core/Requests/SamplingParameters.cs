using System.Collections.ObjectModel;

namespace Llm42.Core.Requests;

/// <summary>
/// How the next token is chosen. Order: bias, repetition penalty, frequency and presence penalties, temperature, top-k,
/// top-p, min-p. Noise is a function of (seed, position, token id) alone. Log-probabilities are those of the model,
/// untouched by any of it. Equal where all values are, the entries of <see cref="LogitBias"/> included.
/// </summary>
public sealed record SamplingParameters
{
    /// <summary>Most entries of <see cref="LogitBias"/>.</summary>
    public const int MaxLogitBias = 1024;

    /// <summary>0 is greedy: the most likely token, ties to the lower id. Otherwise 0.01..100.</summary>
    public float Temperature { get; init; } = 1f;

    /// <summary>Keep this many of the most likely tokens; 0 keeps all.</summary>
    public int TopK { get; init; }

    /// <summary>Keep the most likely tokens until their probability reaches this. Above 0, at most 1; 1 keeps all.</summary>
    public float TopP { get; init; } = 1f;

    /// <summary>Drop tokens less likely than this times the most likely one. 0..1; 0 drops none.</summary>
    public float MinP { get; init; }

    /// <summary>
    /// Divides the positive logits of tokens that the prompt or the answer holds, multiplies the others. Above 0, at
    /// most 10; 1 is none, more discourages repetition.
    /// </summary>
    public float RepetitionPenalty { get; init; } = 1f;

    /// <summary>Taken off the logits of tokens that the answer holds. -2..2; 0 is none.</summary>
    public float PresencePenalty { get; init; }

    /// <summary>Taken off the logit of a token for each time that the answer holds it. -2..2; 0 is none.</summary>
    public float FrequencyPenalty { get; init; }

    /// <summary>
    /// Added to the logits of single tokens: token id to -100..100, at most <see cref="MaxLogitBias"/> entries. Read
    /// when the request is submitted.
    /// </summary>
    public IReadOnlyDictionary<int, float> LogitBias { get; init; } = ReadOnlyDictionary<int, float>.Empty;

    /// <summary>Seed of the noise.</summary>
    public ulong Seed { get; init; }

    /// <summary>Greedy decoding.</summary>
    public static SamplingParameters Greedy { get; } = new() { Temperature = 0f };

    /// <summary>The choice depends on which tokens came before.</summary>
    internal bool HasPenalties => RepetitionPenalty != 1f || PresencePenalty != 0f || FrequencyPenalty != 0f;

    /// <inheritdoc/>
    public bool Equals(SamplingParameters? other) =>
        other is not null
        && Temperature.Equals(other.Temperature)
        && TopK == other.TopK
        && TopP.Equals(other.TopP)
        && MinP.Equals(other.MinP)
        && RepetitionPenalty.Equals(other.RepetitionPenalty)
        && PresencePenalty.Equals(other.PresencePenalty)
        && FrequencyPenalty.Equals(other.FrequencyPenalty)
        && Seed == other.Seed
        && LogitBias.Count == other.LogitBias.Count
        && LogitBias.All(entry => other.LogitBias.TryGetValue(entry.Key, out float bias) && entry.Value.Equals(bias));

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(
        Temperature, TopK, TopP, MinP, RepetitionPenalty, PresencePenalty, FrequencyPenalty, HashCode.Combine(Seed, LogitBias.Count));

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
        if (!(RepetitionPenalty > 0f && RepetitionPenalty <= 10f))
            throw new ArgumentException($"repetition_penalty is {RepetitionPenalty}; it must be above 0 and at most 10.");
        if (!(PresencePenalty >= -2f && PresencePenalty <= 2f))
            throw new ArgumentException($"presence_penalty is {PresencePenalty}; it must be -2..2.");
        if (!(FrequencyPenalty >= -2f && FrequencyPenalty <= 2f))
            throw new ArgumentException($"frequency_penalty is {FrequencyPenalty}; it must be -2..2.");
        if (LogitBias.Count > MaxLogitBias)
            throw new ArgumentException($"logit_bias has {LogitBias.Count} entries; it must have at most {MaxLogitBias}.");
        foreach ((int token, float bias) in LogitBias)
        {
            if (!(bias >= -100f && bias <= 100f))
                throw new ArgumentException($"logit_bias of token {token} is {bias}; it must be -100..100.");
        }
    }
}
