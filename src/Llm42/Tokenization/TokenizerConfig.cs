using System.Text.Json;
using Llm42.Tokenization.Json;

namespace Llm42.Tokenization;

/// <summary>What the engine needs from a model directory's tokenizer_config.json.</summary>
/// <param name="BosToken">The token that begins a text, or null.</param>
/// <param name="EosToken">The token that ends a text, or null.</param>
public sealed record TokenizerConfig(string? BosToken, string? EosToken)
{
    /// <summary>The name of the file in a model directory.</summary>
    public const string FileName = "tokenizer_config.json";

    /// <summary>Loads the file of a model directory; a directory without one names no tokens.</summary>
    /// <param name="directory">The model directory.</param>
    /// <returns>The configuration.</returns>
    /// <exception cref="TokenizerFormatException">The file is malformed; the message names the place.</exception>
    public static TokenizerConfig Load(string directory)
    {
        ArgumentNullException.ThrowIfNull(directory);
        string file = Path.Combine(directory, FileName);
        if (!Path.Exists(file))
        {
            return new TokenizerConfig(null, null);
        }

        using JsonDocument document = JsonFile.Parse(file, JsonFile.ReadBytes(file));
        var root = new JsonNode(file, "$", document.RootElement);
        return new TokenizerConfig(ReadToken(root, "bos_token"), ReadToken(root, "eos_token"));
    }

    /// <summary>A token is written as a string, or as an object with its "content".</summary>
    private static string? ReadToken(JsonNode root, string name)
    {
        if (!root.TryGet(name, out JsonNode token))
        {
            return null;
        }

        return token.Kind == JsonValueKind.Object ? token.Required("content").String() : token.String();
    }
}
