namespace Llm42.Gguf;

/// <summary>tokenizer.json of a byte-level BPE: "gpt2" in the metadata.</summary>
internal static class ByteLevelTokenizerJson
{
    private const string MergesKey = "tokenizer.ggml.merges";
    private const string ByteLevel = """{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":false,"use_regex":false}""";

    public static byte[] Write(GgufTokenizer tokenizer)
    {
        var pre = GgufPreTokenizer.Of(tokenizer.Metadata);
        using var writer = new TokenizerJsonWriter(tokenizer);
        var json = writer.Json;
        writer.WriteAddedTokens(_ => false);
        if (pre.Normalizes)
        {
            json.WritePropertyName("normalizer");
            json.WriteRawValue("""{"type":"NFC"}""");
        }

        json.WriteStartObject("pre_tokenizer");
        json.WriteString("type", "Sequence");
        json.WriteStartArray("pretokenizers");
        foreach (var pattern in pre.Patterns)
        {
            json.WriteStartObject();
            json.WriteString("type", "Split");
            json.WriteStartObject("pattern");
            json.WriteString("Regex", pattern);
            json.WriteEndObject();
            json.WriteString("behavior", "Isolated");
            json.WriteEndObject();
        }
        json.WriteRawValue(ByteLevel);
        json.WriteEndArray();
        json.WriteEndObject();

        writer.WriteTemplate(pre.AddsBos);
        json.WritePropertyName("decoder");
        json.WriteRawValue(ByteLevel);
        json.WriteStartObject("model");
        json.WriteString("type", "BPE");
        json.WriteBoolean("ignore_merges", pre.IgnoresMerges);
        writer.WriteVocabulary(type => type is GgufTokenType.Normal or GgufTokenType.Undefined or GgufTokenType.Byte);
        json.WriteStartArray("merges");
        foreach (var merge in tokenizer.Metadata.Texts(MergesKey) ?? throw tokenizer.Metadata.Missing(MergesKey))
            json.WriteStringValue(merge);
        json.WriteEndArray();
        json.WriteEndObject();
        return writer.Finish();
    }
}
