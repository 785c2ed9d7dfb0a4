using Llm42.Tokenization.Json;

namespace Llm42.Tokenization.AddedTokens;

/// <summary>Reads "added_tokens".</summary>
internal static class AddedTokenReader
{
    // The search for tokens may look this far ahead at every place of a text.
    private const int MaximumLength = 512;

    public static List<AddedToken> Read(JsonNode root)
    {
        var tokens = new List<AddedToken>();
        if (!root.TryGet("added_tokens", out JsonNode list))
        {
            return tokens;
        }

        foreach (JsonNode item in list.Items())
        {
            JsonNode content = item.Required("content");
            bool isSpecial = item.OptionalBool("special", false);
            tokens.Add(new AddedToken(
                item.Required("id").Int(0, Vocabulary.MaximumId),
                content.String() is { Length: > 0 and <= MaximumLength } text
                    ? text
                    : throw content.Error($"an added token must have 1 to {MaximumLength} characters"),
                isSpecial,
                item.OptionalBool("normalized", !isSpecial),
                item.OptionalBool("lstrip", false),
                item.OptionalBool("rstrip", false),
                item.OptionalBool("single_word", false)));
        }

        return tokens;
    }
}
