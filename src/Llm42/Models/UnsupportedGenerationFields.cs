using System.Text.Json;
using Llm42.Weights;

namespace Llm42.Models;

/// <summary>
/// Fields of generation_config.json that change the answers in the transformers library and that this engine does not
/// honour: refused by name unless they have the value that does nothing. Fields that change no answer are passed over.
/// </summary>
internal static class UnsupportedGenerationFields
{
    // Each with the number that does nothing; null where only an empty value does.
    private static readonly Dictionary<string, double?> Fields = new(StringComparer.Ordinal)
    {
        ["num_beams"] = 1,
        ["num_beam_groups"] = 1,
        ["num_return_sequences"] = 1,
        ["penalty_alpha"] = 0,
        ["dola_layers"] = null,
        ["guidance_scale"] = 1,
        ["token_healing"] = null,
        ["watermarking_config"] = null,
        ["typical_p"] = 1,
        ["epsilon_cutoff"] = 0,
        ["eta_cutoff"] = 0,
        ["encoder_repetition_penalty"] = 1,
        ["no_repeat_ngram_size"] = 0,
        ["encoder_no_repeat_ngram_size"] = 0,
        ["exponential_decay_length_penalty"] = null,
        ["min_length"] = 0,
        ["min_new_tokens"] = 0,
        ["max_time"] = null,
        ["sequence_bias"] = null,
        ["bad_words_ids"] = null,
        ["force_words_ids"] = null,
        ["constraints"] = null,
        ["suppress_tokens"] = null,
        ["begin_suppress_tokens"] = null,
        ["forced_bos_token_id"] = null,
        ["forced_eos_token_id"] = null,
        ["forced_decoder_ids"] = null,
    };

    /// <summary>Throws if one of them would change the answers; the error names them all.</summary>
    public static void Refuse(JsonObjectReader json)
    {
        var refused = Fields
            .Where(field => json.Value(field.Key) is { } value && !DoesNothing(value, field.Value))
            .Select(field => $"{field.Key} = {JsonText.Shorten(json.Value(field.Key)!.Value)}")
            .ToArray();
        if (refused.Length > 0)
            throw new ModelFormatException(
                json.Path,
                $"{string.Join(", ", refused)}: this engine does not do that, and the answers would be others. Take it out of the "
                + "file, or pass over all of the file but its end tokens: UseGenerationDefaults = false, --generation-config none.");
    }

    private static bool DoesNothing(JsonElement value, double? neutral) => value.ValueKind switch
    {
        JsonValueKind.False => true,
        JsonValueKind.Array => value.GetArrayLength() == 0,
        JsonValueKind.Object => !value.EnumerateObject().Any(),
        JsonValueKind.Number => value.TryGetDouble(out var number) && number == neutral,
        _ => false,
    };
}
