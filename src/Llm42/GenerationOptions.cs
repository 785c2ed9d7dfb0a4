using System.Collections.ObjectModel;
using Llm42.StructuredOutput;

namespace Llm42;

/// <summary>
/// How a prompt is to be answered. Null is the model's own default: what its generation_config.json says, read as the
/// transformers library does, else what stands below. A value here goes before it.
/// </summary>
public sealed record GenerationOptions
{
    /// <summary>Most answers to one prompt.</summary>
    public const int MaxN = 128;

    /// <summary>
    /// Most tokens to generate, 0 or more. The context may end the answer earlier. Null: max_new_tokens, else what
    /// max_length leaves behind the prompt, else 256.
    /// </summary>
    public int? MaxTokens { get; init; }

    /// <summary>
    /// 0 is greedy, else 0.01..100. Null: where the file says do_sample, its temperature, else 1; where it does not, 0. A
    /// temperature in the file below 0.01 counts as 0.
    /// </summary>
    public float? Temperature { get; init; }

    /// <summary>Nucleus sampling: above 0, at most 1. Null: top_p, else 1 (all).</summary>
    public float? TopP { get; init; }

    /// <summary>
    /// Keep this many of the most likely tokens; 0 keeps all. Null: top_k, else 50 where the file says do_sample, as in
    /// transformers, else 0.
    /// </summary>
    public int? TopK { get; init; }

    /// <summary>Drop tokens less likely than this times the likeliest, 0..1. Null: min_p, else 0.</summary>
    public float? MinP { get; init; }

    /// <summary>
    /// Divides the positive logits of tokens that the prompt or the answer holds, multiplies the others: above 0, at
    /// most 10; 1 is none. Null: repetition_penalty, else 1.
    /// </summary>
    public float? RepetitionPenalty { get; init; }

    /// <summary>Taken off the logits of tokens that the answer holds. -2..2; 0 is none.</summary>
    public float PresencePenalty { get; init; }

    /// <summary>Taken off the logit of a token for each time that the answer holds it. -2..2; 0 is none.</summary>
    public float FrequencyPenalty { get; init; }

    /// <summary>
    /// Added to the logits of single tokens, before the penalties: token id to -100..100, at most 1024 entries. -100
    /// bans a token in practice, 100 all but forces it. Log-probabilities stay those of the model.
    /// </summary>
    public IReadOnlyDictionary<int, float> LogitBias { get; init; } = ReadOnlyDictionary<int, float>.Empty;

    /// <summary>
    /// Answers to give, 1..<see cref="MaxN"/>. Answer i, counted from 0, is the one that N = 1 with Seed + i gives,
    /// wrapping around behind the largest seed.
    /// </summary>
    public int N { get; init; } = 1;

    /// <summary>Seed of the sampling noise.</summary>
    public ulong Seed { get; init; }

    /// <summary>
    /// Makes tokens and log-probabilities a function of the model, the prompt and these options alone, bit for bit:
    /// neither other requests nor the engine's policy can change them.
    /// </summary>
    public bool IsDeterministic { get; init; }

    /// <summary>Go on behind an end-of-sequence token.</summary>
    public bool IgnoreEos { get; init; }

    /// <summary>Texts that end the answer; they are not part of it. Null: stop_strings, else none; empty: none.</summary>
    public IReadOnlyList<string>? Stop { get; init; }

    /// <summary>
    /// What the answer has to look like; null for anything. It ends with <see cref="Core.Requests.FinishReason.Stop"/> where it
    /// is complete: by an end token, which is allowed there alone, or where nothing can follow. Where MaxTokens ends it before,
    /// it is the beginning of such a text. Log-probabilities stay those of the model.
    /// </summary>
    public OutputFormat? OutputFormat { get; init; }

    /// <summary>How many of the most likely tokens to report for each place, 0..1024.</summary>
    public int TopLogprobs { get; init; }

    /// <summary>
    /// Keep hashes of the hidden state at each position (<see cref="GenerationResult.LayerTrace"/>), to find where two
    /// runs part. Changes no bit of the answer, but is slow and passes the prefix cache by.
    /// </summary>
    public bool CaptureLayers { get; init; }

    /// <summary>Leave special tokens out of the answer's text, where stop strings are looked for too.</summary>
    public bool SkipSpecialTokens { get; init; } = true;

    /// <summary>Add the special tokens that the tokenizer puts around a text.</summary>
    public bool AddSpecialTokens { get; init; } = true;
}
