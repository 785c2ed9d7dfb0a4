using System.Text.Json.Nodes;

namespace Llm42.Tests.Gguf;

/// <summary>Writes the tokenizer of a Hugging Face folder into metadata, as llama.cpp's converter does.</summary>
internal static class GgufVocabulary
{
    private const int Normal = 1;
    private const int Unknown = 2;
    private const int Control = 3;
    private const int UserDefined = 4;
    private const int Unused = 5;
    private const int Byte = 6;

    /// <summary>A byte-level tokenizer, with the name of its words, and so many ids without a token behind it.</summary>
    public static GgufBytes AddByteLevel(this GgufBytes file, string folder, string pre, int unused = 0)
    {
        var (tokenizer, config) = Read(folder);
        var (tokens, types) = Tokens(tokenizer, unused);
        file.Add("tokenizer.ggml.model", "gpt2").Add("tokenizer.ggml.pre", pre)
            .Add("tokenizer.ggml.tokens", tokens).Add("tokenizer.ggml.token_type", types)
            .Add("tokenizer.ggml.merges", tokenizer["model"]!["merges"]!.AsArray().Select(merge =>
                merge is JsonArray pair ? $"{pair[0]} {pair[1]}" : (string)merge!).ToArray());
        return AddSpecial(file, config, tokens);
    }

    /// <summary>A SentencePiece tokenizer: scores in place of merges.</summary>
    public static GgufBytes AddSentencePiece(this GgufBytes file, string folder, int unused = 0)
    {
        var (tokenizer, config) = Read(folder);
        var (tokens, types) = Tokens(tokenizer, unused);
        types[0] = Unknown;
        var scores = new float[tokens.Length];
        for (var id = 3; id < tokens.Length; id++)
        {
            if (tokens[id].Length == 6 && tokens[id].StartsWith("<0x", StringComparison.Ordinal))
                types[id] = Byte;
            else
                // Runs of spaces come last, as in the models themselves.
                scores[id] = tokens[id].Length > 1 && tokens[id].All(c => c == '▁') ? -1e9f : 259 - id;
        }
        file.Add("tokenizer.ggml.model", "llama").Add("tokenizer.ggml.pre", "default")
            .Add("tokenizer.ggml.tokens", tokens).Add("tokenizer.ggml.scores", scores)
            .Add("tokenizer.ggml.token_type", types).Add("tokenizer.ggml.unknown_token_id", 0u);
        return AddSpecial(file, config, tokens);
    }

    private static (JsonNode Tokenizer, JsonNode Config) Read(string folder) => (
        JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "tokenizer.json")))!,
        JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "tokenizer_config.json")))!);

    private static (string[] Tokens, int[] Types) Tokens(JsonNode tokenizer, int unused)
    {
        var vocabulary = tokenizer["model"]!["vocab"]!.AsObject();
        var added = tokenizer["added_tokens"]!.AsArray();
        var size = 1 + Math.Max(vocabulary.Max(entry => (int)entry.Value!), added.Max(token => (int)token!["id"]!));
        var tokens = Enumerable.Range(0, size + unused).Select(id => $"[PAD{id}]").ToArray();
        var types = Enumerable.Repeat(Unused, tokens.Length).ToArray();
        foreach (var (token, id) in vocabulary)
            (tokens[(int)id!], types[(int)id!]) = (token, Normal);
        foreach (var token in added)
        {
            var id = (int)token!["id"]!;
            (tokens[id], types[id]) = ((string)token["content"]!, (bool)token["special"]! ? Control : UserDefined);
        }
        return (tokens, types);
    }

    private static GgufBytes AddSpecial(GgufBytes file, JsonNode config, string[] tokens)
    {
        foreach (var (field, key) in new[] { ("bos_token", "tokenizer.ggml.bos_token_id"), ("eos_token", "tokenizer.ggml.eos_token_id") })
        {
            if (config[field] is { } token)
                file.Set(key, (uint)Array.IndexOf(tokens, token is JsonObject ? (string)token["content"]! : (string)token!));
        }
        foreach (var (field, key) in new[] { ("add_bos_token", "tokenizer.ggml.add_bos_token"), ("add_eos_token", "tokenizer.ggml.add_eos_token") })
        {
            if (config[field] is { } flag)
                file.Add(key, (bool)flag);
        }
        if (config["chat_template"] is { } template)
            file.Add("tokenizer.chat_template", (string)template!);
        return file;
    }
}
