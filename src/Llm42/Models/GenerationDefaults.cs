namespace Llm42.Models;

/// <summary>The content of generation_config.json: how a model's maker would have it sampled.</summary>
/// <param name="EosTokenIds">Tokens that end an answer; empty if the file names none.</param>
/// <param name="Temperature">0 where do_sample is false or sampling was not asked for; null if the file is silent.</param>
/// <param name="TopP">Null if the file is silent.</param>
/// <param name="TopK">Null if the file is silent.</param>
/// <param name="MinP">Null if the file is silent.</param>
/// <param name="RepetitionPenalty">Null if the file is silent; in force for greedy answers too.</param>
internal sealed record GenerationDefaults(
    IReadOnlyList<int> EosTokenIds, float? Temperature, float? TopP, int? TopK, float? MinP, float? RepetitionPenalty)
{
    public const string FileName = "generation_config.json";

    /// <summary>Of a directory without the file.</summary>
    public static GenerationDefaults None { get; } = new([], null, null, null, null, null);

    /// <summary>Reads the file of a model directory, if it has one.</summary>
    public static GenerationDefaults Read(string modelDirectory, int vocabularySize)
    {
        var path = Path.Combine(modelDirectory, FileName);
        return Read(File.Exists(path) ? JsonObjectReader.Open(path) : null, vocabularySize);
    }

    /// <summary>Reads the object of the file; null for a model without it.</summary>
    public static GenerationDefaults Read(JsonObjectReader? json, int vocabularySize)
    {
        if (json is null)
            return None;
        var eos = json.IntegerOrIntegers("eos_token_id", 0, vocabularySize - 1);
        float? repetition = json.Has("repetition_penalty") ? (float)json.Number("repetition_penalty", float.Epsilon, 10) : null;
        if (json.Has("do_sample") && !json.Boolean("do_sample", true))
            return new GenerationDefaults(eos, 0f, null, null, null, repetition);
        return new GenerationDefaults(
            eos,
            json.Has("temperature") ? (float)json.Number("temperature", 0, 100) : null,
            json.Has("top_p") ? (float)json.Number("top_p", float.Epsilon, 1) : null,
            json.Has("top_k") ? json.Integer("top_k", 0, int.MaxValue) : null,
            json.Has("min_p") ? (float)json.Number("min_p", 0, 1) : null,
            repetition);
    }
}
