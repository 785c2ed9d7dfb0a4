using System.Text.Json.Nodes;

namespace Llm42.Gguf;

/// <summary>The generation_config.json that a GGUF model would have: its end tokens, and how its maker would have it sampled.</summary>
internal static class GgufGenerationConfig
{
    private static readonly (string Field, string Key)[] Numbers =
    [
        ("temperature", "general.sampling.temp"),
        ("top_p", "general.sampling.top_p"),
        ("min_p", "general.sampling.min_p"),
        ("repetition_penalty", "general.sampling.penalty_repeat"),
    ];

    private const string TopKKey = "general.sampling.top_k";

    /// <summary>The object, and for its fields the metadata keys that they come from; null for a file that says nothing of it.</summary>
    public static (JsonObject Json, IReadOnlyDictionary<string, string> Origins)? Read(GgufMetadata metadata, GgufTokenizer tokenizer)
    {
        JsonObject json = [];
        var origins = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (field, key) in Numbers)
        {
            if (metadata.Number(key) is { } number)
                Set(field, number, key);
        }
        if (metadata.Has(TopKKey))
            Set("top_k", Math.Max(metadata.Integer(TopKKey, int.MinValue, int.MaxValue), 0), TopKKey);
        if (json.Count > 0)
            json["do_sample"] = true;
        var ends = tokenizer.EndTokens();
        if (ends.Count > 0)
            Set("eos_token_id", new JsonArray([.. ends.Select(id => JsonValue.Create(id))]), GgufTokenizer.EosKey);
        return json.Count > 0 ? (json, origins) : null;

        void Set(string field, JsonNode value, string key)
        {
            json[field] = value;
            origins[field] = key;
        }
    }
}
