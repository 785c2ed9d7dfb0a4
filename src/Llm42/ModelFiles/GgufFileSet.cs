using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Llm42.ChatTemplates;
using Llm42.Gguf;
using Llm42.Models;
using Llm42.Tokenization;
using Llm42.Weights;

namespace Llm42.ModelFiles;

/// <summary>A model in GGUF: everything comes from its metadata.</summary>
internal sealed class GgufFileSet : ModelFileSet
{
    private const string ChatTemplateKey = "tokenizer.chat_template";

    private readonly GgufModel _model;
    private readonly GgufTokenizer _tokenizer;

    private GgufFileSet(GgufModel model)
    {
        _model = model;
        _tokenizer = new GgufTokenizer(model.Path, model.Metadata);
        var (json, origins) = GgufConfig.Read(model);
        var utf8 = JsonSerializer.SerializeToUtf8Bytes(json);
        Config = Parse(utf8, origins);
        ConfigDigest = Convert.ToHexStringLower(SHA256.HashData(utf8));
    }

    /// <inheritdoc/>
    public override string Path => _model.Path;

    /// <inheritdoc/>
    public override string Format => "gguf";

    /// <inheritdoc/>
    public override JsonObjectReader Config { get; }

    /// <inheritdoc/>
    public override string ConfigDigest { get; }

    /// <inheritdoc/>
    public override JsonObjectReader? GenerationConfig =>
        GgufGenerationConfig.Read(_model.Metadata, _tokenizer) is var (json, origins)
            ? Parse(JsonSerializer.SerializeToUtf8Bytes<JsonObject>(json), origins)
            : null;

    /// <summary>Opens a file and the parts that belong to it.</summary>
    public static new GgufFileSet Open(string path)
    {
        var model = GgufModel.Open(path);
        try
        {
            return new GgufFileSet(model);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override bool HasTokenizer => _tokenizer.IsThere;

    /// <inheritdoc/>
    public override bool HasChatTemplate => _model.Metadata.Text(ChatTemplateKey) is not null;

    /// <inheritdoc/>
    public override BpeTokenizer? LoadTokenizer() =>
        HasTokenizer ? TokenizerJson.Parse(Path, _tokenizer.ToJson()) : null;

    /// <inheritdoc/>
    public override TokenizerConfig LoadTokenizerConfig() =>
        new(_tokenizer.TokenOf(GgufTokenizer.BosKey), _tokenizer.TokenOf(GgufTokenizer.EosKey));

    /// <inheritdoc/>
    public override ChatTemplate? LoadChatTemplate(ChatTemplateOptions? options)
    {
        if (_model.Metadata.Text(ChatTemplateKey) is not { } template)
            return null;
        var tokens = new Dictionary<string, string?>
        {
            ["bos_token"] = _tokenizer.TokenOf(GgufTokenizer.BosKey),
            ["eos_token"] = _tokenizer.TokenOf(GgufTokenizer.EosKey),
        };
        return ChatTemplate.Parse($"{Path} ({ChatTemplateKey})", template, tokens, options);
    }

    /// <inheritdoc/>
    public override IWeightSource OpenWeights() => new GgufSource(_model);

    /// <inheritdoc/>
    public override string PlaceOf(string file) => Path;

    /// <inheritdoc/>
    public override void Dispose() => _model.Dispose();

    private JsonObjectReader Parse(byte[] utf8, IReadOnlyDictionary<string, string> origins)
    {
        using var document = JsonDocument.Parse(utf8);
        return new JsonObjectReader(Path, document.RootElement.Clone(), origins: origins);
    }
}
