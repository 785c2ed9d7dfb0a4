using System.Text.Json;
using Llm42.Tokenization;
using Llm42.Tokenization.Json;

namespace Llm42.ChatTemplates.Loading;

/// <summary>
/// The special tokens that a template has as variables: bos_token, eos_token and so on, and those that
/// "extra_special_tokens" names. A token that is null or empty is no variable.
/// </summary>
internal static class SpecialTokens
{
    private const string MapFile = "special_tokens_map.json";
    private const string AdditionalTokens = "additional_special_tokens";

    private static readonly string[] Names = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];

    /// <summary>The tokens of a model directory, each a string or, for the additional ones, a list of strings.</summary>
    /// <exception cref="TokenizerFormatException">A file is malformed.</exception>
    public static Dictionary<string, IReadOnlyList<string>> Read(string directory, out string? additionalName)
    {
        var tokens = new Dictionary<string, IReadOnlyList<string>>();
        bool isModern = ReadFile(Path.Combine(directory, TokenizerConfig.FileName), tokens);
        // Configurations that list their added tokens say everything; with older ones the map has the last word.
        if (!isModern)
            ReadFile(Path.Combine(directory, MapFile), tokens);
        additionalName = tokens.ContainsKey(AdditionalTokens) ? AdditionalTokens : null;
        return tokens;
    }

    private static bool ReadFile(string file, Dictionary<string, IReadOnlyList<string>> tokens)
    {
        if (!File.Exists(file))
            return false;
        using JsonDocument document = JsonFile.Parse(file, JsonFile.ReadBytes(file));
        var root = new JsonNode(file, "$", document.RootElement);
        foreach (string name in Names)
        {
            if (root.TryGet(name, out JsonNode token))
                Add(tokens, name, token);
        }

        if (root.TryGet("extra_special_tokens", out JsonNode extra) && extra.Kind == JsonValueKind.Object)
        {
            foreach (JsonProperty property in extra.Element.EnumerateObject())
            {
                if (extra.TryGet(property.Name, out JsonNode token) && token.Kind is JsonValueKind.String or JsonValueKind.Object)
                    Add(tokens, property.Name, token);
            }
        }

        if (root.TryGet(AdditionalTokens, out JsonNode additional) && additional.Kind == JsonValueKind.Array)
        {
            string[] texts = [.. additional.Items().Select(Text)];
            if (texts.Length > 0)
                tokens[AdditionalTokens] = texts;
        }

        return root.TryGet("added_tokens_decoder", out _);
    }

    private static void Add(Dictionary<string, IReadOnlyList<string>> tokens, string name, JsonNode token)
    {
        if (Text(token) is { Length: > 0 } text)
            tokens[name] = [text];
    }

    /// <summary>A token is written as a string, or as an object with its "content".</summary>
    private static string Text(JsonNode token) => token.Kind == JsonValueKind.Object ? token.Required("content").String() : token.String();
}
