using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Llm42.Server.Http;

namespace Llm42.Server.Fields;

/// <summary>Reads how an answer is to be sampled: the fields that all endpoints share.</summary>
internal static class SamplingFields
{
    /// <summary>Most texts that may end an answer.</summary>
    public const int MaxStops = 16;

    private const int MaxBiases = 1024;

    /// <summary>Reads the fields.</summary>
    /// <param name="fields">Where they stand.</param>
    /// <param name="defaults">What the server says where they do not.</param>
    /// <param name="isDeterministicHeader">What a header says of determinism, or null.</param>
    public static GenerationOptions Read(RequestFields fields, ServerOptions defaults, bool? isDeterministicHeader)
    {
        var isDeterministic = fields.Boolean("is_deterministic") ?? isDeterministicHeader ?? defaults.IsDeterministicByDefault;
        return new GenerationOptions
        {
            Temperature = Temperature(fields),
            TopP = fields.Number("top_p", 0, 1) is { } p ? Math.Max(p, float.Epsilon) : null,
            TopK = TopK(fields),
            MinP = fields.Number("min_p", 0, 1),
            RepetitionPenalty = fields.Number("repetition_penalty", 1e-6, 10),
            PresencePenalty = fields.Number("presence_penalty", -2, 2) ?? 0,
            FrequencyPenalty = fields.Number("frequency_penalty", -2, 2) ?? 0,
            LogitBias = LogitBias(fields),
            N = fields.Integer("n", 1, GenerationOptions.MaxN) ?? 1,
            Seed = fields.Seed("seed") ?? defaults.DefaultSeed ?? (isDeterministic ? 0 : DrawSeed()),
            IsDeterministic = isDeterministic,
            IgnoreEos = fields.Boolean("ignore_eos") ?? false,
            Stop = fields.Find("stop") is null ? null : fields.TextOrTexts("stop", MaxStops),
            SkipSpecialTokens = fields.Boolean("skip_special_tokens") ?? true,
        };
    }

    // The sampler takes 0 or so much.
    private static float? Temperature(RequestFields fields) => fields.Number("temperature", 0, 100) is not { } temperature
        ? null
        : temperature is 0 or >= 0.01f ? temperature : throw fields.Wrong("temperature", "0 or a number from 0.01 to 100", fields.Find("temperature")!.Value);

    // -1 is what other servers call "all".
    private static int? TopK(RequestFields fields) =>
        fields.Integer("top_k", -1, int.MaxValue) is { } k ? Math.Max(k, 0) : null;

    private static Dictionary<int, float> LogitBias(RequestFields fields)
    {
        var biases = new Dictionary<int, float>();
        if (fields.Find("logit_bias") is not { } value)
            return biases;
        const string Expected = "an object of numbers from -100 to 100 by token id, of up to 1024 entries";
        if (value.ValueKind != JsonValueKind.Object)
            throw fields.Wrong("logit_bias", Expected, value);
        foreach (var entry in value.EnumerateObject())
        {
            if (!int.TryParse(entry.Name, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
                || entry.Value.ValueKind != JsonValueKind.Number
                || !(entry.Value.GetDouble() is >= -100 and <= 100 and var bias)
                || !biases.TryAdd(id, (float)bias)
                || biases.Count > MaxBiases)
                throw fields.Wrong("logit_bias", Expected, value);
        }
        return biases;
    }

    private static ulong DrawSeed()
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        RandomNumberGenerator.Fill(bytes);

        // Exact as a JSON number for clients that read doubles.
        return BitConverter.ToUInt64(bytes) >> 12;
    }
}
