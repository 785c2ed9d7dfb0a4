namespace Llm42.Gguf;

/// <summary>
/// tokenizer.json of a SentencePiece BPE: "llama" in the metadata. They hold scores and no merges, so the merges are
/// derived as those who write tokenizer.json for such models do.
/// </summary>
internal static class SentencePieceTokenizerJson
{
    private const string ScoresKey = "tokenizer.ggml.scores";
    private const string AddSpaceKey = "tokenizer.ggml.add_space_prefix";
    private const string UnknownKey = "tokenizer.ggml.unknown_token_id";

    public static byte[] Write(GgufTokenizer tokenizer)
    {
        var metadata = tokenizer.Metadata;
        var addsSpace = metadata.Boolean(AddSpaceKey) ?? true;
        using var writer = new TokenizerJsonWriter(tokenizer);
        var json = writer.Json;
        // Phi-3's templates put a line break behind each of its tokens, which is not part of the text.
        var isPhi3 = metadata.Text(GgufArchitecture.Key) == "phi3";
        writer.WriteAddedTokens(id => isPhi3 && tokenizer.Types[id] == GgufTokenType.Control && tokenizer.Tokens[id] is not ("<s>" or "<|endoftext|>"));

        json.WritePropertyName("normalizer");
        json.WriteRawValue(
            addsSpace
                ? """{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},{"type":"Replace","pattern":{"String":" "},"content":"▁"}]}"""
                : """{"type":"Replace","pattern":{"String":" "},"content":"▁"}""");
        writer.WriteTemplate(addsBos: true);
        json.WritePropertyName("decoder");
        var strip = addsSpace ? """,{"type":"Strip","content":" ","start":1,"stop":0}""" : "";
        json.WriteRawValue(
            $$"""{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"}{{strip}}]}""");

        json.WriteStartObject("model");
        json.WriteString("type", "BPE");
        if (Unknown(tokenizer) is { } unknown)
            json.WriteString("unk_token", unknown);
        json.WriteBoolean("fuse_unk", true);
        json.WriteBoolean("byte_fallback", true);
        writer.WriteVocabulary(type => type is not (GgufTokenType.Unused or GgufTokenType.Control or GgufTokenType.UserDefined));
        json.WriteStartArray("merges");
        foreach (var (left, right) in SentencePieceMerges.Derive(tokenizer, Scores(tokenizer)))
        {
            json.WriteStartArray();
            json.WriteStringValue(left);
            json.WriteStringValue(right);
            json.WriteEndArray();
        }
        json.WriteEndArray();
        json.WriteEndObject();
        return writer.Finish();
    }

    private static string? Unknown(GgufTokenizer tokenizer)
    {
        var id = tokenizer.IdOf(UnknownKey) ?? Array.IndexOf(tokenizer.Types, GgufTokenType.Unknown);
        return id >= 0 && tokenizer.Types[id] is not (GgufTokenType.Unused or GgufTokenType.Control or GgufTokenType.UserDefined)
            ? tokenizer.Tokens[id]
            : null;
    }

    private static float[] Scores(GgufTokenizer tokenizer)
    {
        var scores = tokenizer.Metadata.Floats(ScoresKey) ?? throw tokenizer.Metadata.Missing(ScoresKey);
        if (scores.Length != tokenizer.Tokens.Length)
            throw tokenizer.Metadata.Wrong(ScoresKey, $"an array of {tokenizer.Tokens.Length} floats, one for each of {GgufTokenizer.TokensKey}");
        return !Array.Exists(scores, float.IsNaN) ? scores : throw tokenizer.Metadata.Wrong(ScoresKey, "an array of numbers, none of them NaN");
    }
}
