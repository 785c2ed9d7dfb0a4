using System.Text.Json.Nodes;

namespace Llm42.Tests.Models;

/// <summary>config.json of a tiny model, to be changed by tests.</summary>
internal static class Configs
{
    public static JsonObject Llama() => JsonNode.Parse(
        """
        {
          "architectures": ["LlamaForCausalLM"], "vocab_size": 32, "hidden_size": 16, "intermediate_size": 24,
          "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "rms_norm_eps": 1e-5,
          "max_position_embeddings": 64, "hidden_act": "silu", "eos_token_id": [2, 3]
        }
        """)!.AsObject();

    /// <summary>The config with one field replaced by JSON text, or removed where the text is null.</summary>
    public static string With(string field, string? json)
    {
        var config = Llama();
        if (json is null)
            config.Remove(field);
        else
            config[field] = JsonNode.Parse(json);
        return config.ToJsonString();
    }
}
