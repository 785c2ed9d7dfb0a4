namespace Llm42;

/// <summary>How a prompt is to be answered.</summary>
public sealed record GenerationOptions
{
    /// <summary>Most tokens to generate. The context may end the answer earlier.</summary>
    public int MaxTokens { get; init; } = 256;

    /// <summary>0 is greedy, else 0.01..100. Null: what the model's generation_config.json says, else 1.</summary>
    public float? Temperature { get; init; }

    /// <summary>Nucleus sampling: above 0, at most 1. Null: what generation_config.json says, else 1 (all).</summary>
    public float? TopP { get; init; }

    /// <summary>Keep this many of the most likely tokens. Null: what generation_config.json says, else 0 (all).</summary>
    public int? TopK { get; init; }

    /// <summary>Drop tokens less likely than this times the likeliest. Null: what generation_config.json says, else 0.</summary>
    public float? MinP { get; init; }

    /// <summary>Seed of the sampling noise.</summary>
    public ulong Seed { get; init; }

    /// <summary>
    /// Makes tokens and log-probabilities a function of the model, the prompt and these options alone, bit for bit:
    /// neither other requests nor the engine's policy can change them.
    /// </summary>
    public bool IsDeterministic { get; init; }

    /// <summary>Go on behind an end-of-sequence token.</summary>
    public bool IgnoreEos { get; init; }

    /// <summary>Texts that end the answer; they are not part of it.</summary>
    public IReadOnlyList<string> Stop { get; init; } = [];

    /// <summary>How many of the most likely tokens to report for each place, 0..1024.</summary>
    public int TopLogprobs { get; init; }

    /// <summary>
    /// Keep hashes of the hidden state at each position (<see cref="GenerationResult.LayerTrace"/>), to find where two
    /// runs part. Changes no bit of the answer, but is slow and passes the prefix cache by.
    /// </summary>
    public bool CaptureLayers { get; init; }

    /// <summary>Add the special tokens that the tokenizer puts around a text.</summary>
    public bool AddSpecialTokens { get; init; } = true;
}
