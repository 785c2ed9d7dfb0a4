namespace Llm42.Models;

/// <summary>
/// How a model's maker would have it answer: what holds where a request is silent. Read from generation_config.json as
/// the transformers library does: without do_sample the answer is greedy, whatever else the file says of sampling, and a
/// request that asks for a temperature samples with the rest of the file's values.
/// </summary>
internal sealed record GenerationDefaults
{
    public const string FileName = "generation_config.json";

    /// <summary>What <see cref="MaxTokens"/> is where neither the request nor the model says.</summary>
    public const int MaxTokensOtherwise = 256;

    // Of transformers, where sampling is asked for and the file does not say how many tokens to choose from.
    private const int TopKOfSampling = 50;

    // What the engine's sampler takes; below it the likeliest token is as good as certain.
    private const double LeastTemperature = 0.01;

    // Small enough to keep one token of any vocabulary, as 0 does in transformers.
    private const double LeastTopP = 1e-8;

    /// <summary>Of a model without the file: greedy.</summary>
    public static GenerationDefaults None { get; } = new();

    /// <summary>Of a caller who wants none of the model's: the model's own distribution, untouched.</summary>
    public static GenerationDefaults Neutral { get; } = new() { Temperature = 1 };

    /// <summary>Tokens that end an answer; empty if the file names none.</summary>
    public IReadOnlyList<int> EosTokenIds { get; init; } = [];

    /// <summary>0 is greedy, else 0.01..100.</summary>
    public float Temperature { get; init; }

    /// <summary>Above 0, at most 1.</summary>
    public float TopP { get; init; } = 1;

    /// <summary>0 is all.</summary>
    public int TopK { get; init; }

    /// <summary>0..1.</summary>
    public float MinP { get; init; }

    /// <summary>In force for greedy answers too; 1 is none.</summary>
    public float RepetitionPenalty { get; init; } = 1;

    /// <summary>Most tokens of an answer; null if the file is silent.</summary>
    public int? MaxNewTokens { get; init; }

    /// <summary>Most tokens of prompt and answer together; null if the file is silent. Yields to <see cref="MaxNewTokens"/>.</summary>
    public int? MaxLength { get; init; }

    /// <summary>Texts that end an answer.</summary>
    public IReadOnlyList<string> StopStrings { get; init; } = [];

    /// <summary>Reads the file of a model directory, if it has one.</summary>
    /// <param name="modelDirectory">The directory.</param>
    /// <param name="vocabularySize">Token ids lie below it.</param>
    /// <param name="onlyEosTokens">Take the end tokens and pass over the rest.</param>
    /// <exception cref="ModelFormatException">The file is malformed, or asks for what this engine does not do.</exception>
    public static GenerationDefaults Read(string modelDirectory, int vocabularySize, bool onlyEosTokens = false)
    {
        var path = Path.Combine(modelDirectory, FileName);
        return Read(Path.Exists(path) ? JsonObjectReader.Open(path) : null, vocabularySize, onlyEosTokens);
    }

    /// <summary>Reads the object of the file; null for a model without it.</summary>
    public static GenerationDefaults Read(JsonObjectReader? json, int vocabularySize, bool onlyEosTokens = false)
    {
        var otherwise = onlyEosTokens ? Neutral : None;
        if (json is null)
            return otherwise;
        var eos = json.IntegerOrIntegers("eos_token_id", 0, vocabularySize - 1);
        if (onlyEosTokens)
            return otherwise with { EosTokenIds = eos };

        UnsupportedGenerationFields.Refuse(json);
        var samples = json.Boolean("do_sample", false);
        var temperature = json.Number("temperature", 0, 100, 1);
        return new GenerationDefaults
        {
            EosTokenIds = eos,
            Temperature = samples && temperature >= LeastTemperature ? (float)temperature : 0,
            TopP = (float)Math.Max(LeastTopP, json.Number("top_p", 0, 1, 1)),
            TopK = json.Integer("top_k", 0, int.MaxValue, samples ? TopKOfSampling : 0),
            MinP = (float)json.Number("min_p", 0, 1, 0),
            RepetitionPenalty = (float)json.Number("repetition_penalty", 1e-6, 10, 1),
            MaxNewTokens = json.Has("max_new_tokens") ? json.Integer("max_new_tokens", 1, int.MaxValue) : null,
            MaxLength = json.Has("max_length") ? json.Integer("max_length", 1, int.MaxValue) : null,
            StopStrings = ReadStopStrings(json),
        };
    }

    private static IReadOnlyList<string> ReadStopStrings(JsonObjectReader json)
    {
        var stops = json.TextOrTexts("stop_strings");
        for (var i = 0; i < stops.Count; i++)
        {
            if (stops[i].Length == 0)
                throw new ModelFormatException(json.Path, $"stop_strings[{i}] must not be empty: every answer would end before it began.");
        }
        return stops;
    }

    /// <summary>Most tokens to generate behind a prompt, for a request that does not say.</summary>
    /// <exception cref="ArgumentException">The prompt alone is as long as the model's maker allows.</exception>
    public int MaxTokens(int promptTokens)
    {
        if (MaxNewTokens is { } tokens)
            return tokens;
        if (MaxLength is not { } length)
            return MaxTokensOtherwise;
        return promptTokens < length
            ? length - promptTokens
            : throw new ArgumentException(
                $"The prompt has {promptTokens} tokens, and max_length in the model's {FileName} allows {length} for prompt and "
                + "answer together; give MaxTokens (--max-tokens).");
    }
}
