using System.Text.Encodings.Web;
using System.Text.Json;

namespace Llm42.Gguf;

/// <summary>Writes the parts that tokenizer.json has whatever the tokenizer.</summary>
internal sealed class TokenizerJsonWriter : IDisposable
{
    private const string AddBosKey = "tokenizer.ggml.add_bos_token";
    private const string AddEosKey = "tokenizer.ggml.add_eos_token";

    private readonly GgufTokenizer _tokenizer;
    private readonly MemoryStream _stream = new();

    public TokenizerJsonWriter(GgufTokenizer tokenizer)
    {
        _tokenizer = tokenizer;
        Json = new Utf8JsonWriter(_stream, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        Json.WriteStartObject();
    }

    public Utf8JsonWriter Json { get; }

    /// <summary>Tokens that are found in the text before anything else.</summary>
    /// <param name="stripsRight">Whether control tokens take the white space behind them.</param>
    public void WriteAddedTokens(Func<int, bool> stripsRight)
    {
        Json.WriteStartArray("added_tokens");
        for (var id = 0; id < _tokenizer.Tokens.Length; id++)
        {
            var type = _tokenizer.Types[id];
            if (type is not (GgufTokenType.Control or GgufTokenType.Unknown or GgufTokenType.UserDefined) || _tokenizer.Tokens[id].Length == 0)
                continue;
            Json.WriteStartObject();
            Json.WriteNumber("id", id);
            Json.WriteString("content", _tokenizer.Tokens[id]);
            Json.WriteBoolean("special", type != GgufTokenType.UserDefined);
            Json.WriteBoolean("normalized", false);
            Json.WriteBoolean("rstrip", stripsRight(id));
            Json.WriteEndObject();
        }
        Json.WriteEndArray();
    }

    /// <summary>The tokens of the model, those of the given kinds.</summary>
    public void WriteVocabulary(Func<GgufTokenType, bool> isOfModel)
    {
        Json.WriteStartObject("vocab");
        for (var id = 0; id < _tokenizer.Tokens.Length; id++)
        {
            if (_tokenizer.Tokens[id].Length > 0 && isOfModel(_tokenizer.Types[id]))
                Json.WriteNumber(_tokenizer.Tokens[id], id);
        }
        Json.WriteEndObject();
    }

    /// <summary>The special tokens around a text.</summary>
    public void WriteTemplate(bool addsBos)
    {
        var metadata = _tokenizer.Metadata;
        int? bos = metadata.Boolean(AddBosKey) ?? addsBos ? Required(GgufTokenizer.BosKey) : null;
        int? eos = metadata.Boolean(AddEosKey) ?? false ? Required(GgufTokenizer.EosKey) : null;
        Json.WriteStartObject("post_processor");
        Json.WriteString("type", "TemplateProcessing");
        Json.WriteStartArray("single");
        WriteSpecial(bos);
        Json.WriteRawValue("""{"Sequence":{"id":"A","type_id":0}}""");
        WriteSpecial(eos);
        Json.WriteEndArray();
        Json.WriteStartObject("special_tokens");
        foreach (var id in new[] { bos, eos }.OfType<int>().Distinct())
        {
            Json.WriteStartObject(_tokenizer.Tokens[id]);
            Json.WriteStartArray("ids");
            Json.WriteNumberValue(id);
            Json.WriteEndArray();
            Json.WriteEndObject();
        }
        Json.WriteEndObject();
        Json.WriteEndObject();
    }

    /// <summary>Ends the file.</summary>
    public byte[] Finish()
    {
        Json.WriteEndObject();
        Json.Flush();
        return _stream.ToArray();
    }

    public void Dispose()
    {
        Json.Dispose();
        _stream.Dispose();
    }

    private int Required(string key) => _tokenizer.IdOf(key) ?? throw _tokenizer.Metadata.Missing(key);

    private void WriteSpecial(int? id)
    {
        if (id is null)
            return;
        Json.WriteStartObject();
        Json.WriteStartObject("SpecialToken");
        Json.WriteString("id", _tokenizer.Tokens[id.Value]);
        Json.WriteNumber("type_id", 0);
        Json.WriteEndObject();
        Json.WriteEndObject();
    }
}
