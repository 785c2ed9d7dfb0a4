using System.Text.Json;
using Llm42.Server.Http;
using Llm42.Tokenization;

namespace Llm42.Server.Fields;

/// <summary>Reads prompts as OpenAI's completions take them: a text, several texts, token ids, or several lists of them.</summary>
internal static class PromptField
{
    private const int MaxPrompts = 128;

    /// <summary>The token ids of each prompt, 1 or more of them.</summary>
    public static IReadOnlyList<int[]> Read(RequestFields fields, string name, ITokenizer? tokenizer)
    {
        var value = fields.Find(name) ?? throw fields.Missing(name);
        if (value.ValueKind == JsonValueKind.String)
            return [Encode(value)];
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() is 0)
            throw Wrong();
        if (value[0].ValueKind == JsonValueKind.Number)
            return [Ids(value)];
        if (value.GetArrayLength() > MaxPrompts)
            throw fields.Wrong(name, $"of up to {MaxPrompts} prompts", value);
        return [.. value.EnumerateArray().Select(item => item.ValueKind switch
        {
            JsonValueKind.String => Encode(item),
            JsonValueKind.Array => Ids(item),
            _ => throw Wrong(),
        })];

        int[] Encode(JsonElement text) => tokenizer is null
            ? throw fields.Unsupported(name, "the model has no tokenizer; send token ids.")
            : tokenizer.Encode(text.GetString()!, addSpecialTokens: true);

        int[] Ids(JsonElement array)
        {
            var ids = new int[array.GetArrayLength()];
            var count = 0;
            foreach (var item in array.EnumerateArray())
            {
                if (item.ValueKind != JsonValueKind.Number || !item.TryGetInt32(out ids[count++]))
                    throw Wrong();
            }
            return ids;
        }

        ApiException Wrong() => fields.Wrong(name, "a string, an array of strings, an array of token ids, or an array of such arrays", value);
    }
}
