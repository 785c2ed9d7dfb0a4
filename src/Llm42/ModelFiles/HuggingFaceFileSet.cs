using System.Security.Cryptography;
using Llm42.ChatTemplates;
using Llm42.ChatTemplates.Loading;
using Llm42.Models;
using Llm42.Tokenization;
using Llm42.Weights;

namespace Llm42.ModelFiles;

/// <summary>A directory in Hugging Face's layout.</summary>
internal sealed class HuggingFaceFileSet(string directory) : ModelFileSet
{
    /// <inheritdoc/>
    public override string Path => directory;

    /// <inheritdoc/>
    public override string Format => "safetensors";

    /// <inheritdoc/>
    public override JsonObjectReader Config => JsonObjectReader.Open(In(ModelConfigReader.FileName));

    /// <inheritdoc/>
    public override string ConfigDigest =>
        Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(In(ModelConfigReader.FileName))));

    /// <inheritdoc/>
    public override JsonObjectReader? GenerationConfig => System.IO.Path.Exists(In(GenerationDefaults.FileName))
        ? JsonObjectReader.Open(In(GenerationDefaults.FileName))
        : null;

    /// <inheritdoc/>
    public override bool HasTokenizer => System.IO.Path.Exists(In(TokenizerJson.FileName));

    /// <inheritdoc/>
    public override bool HasChatTemplate => TemplateFiles.Read(directory, new ChatTemplateLimits().MaximumTemplateLength).Count > 0;

    /// <inheritdoc/>
    public override BpeTokenizer? LoadTokenizer() =>
        HasTokenizer ? TokenizerJson.Load(directory) : null;

    /// <inheritdoc/>
    public override TokenizerConfig LoadTokenizerConfig() => TokenizerConfig.Load(directory);

    /// <inheritdoc/>
    public override ChatTemplate? LoadChatTemplate(ChatTemplateOptions? options) => ChatTemplate.LoadDirectory(directory, options);

    /// <inheritdoc/>
    public override IWeightSource OpenWeights() => SafetensorsSource.Open(directory);

    /// <inheritdoc/>
    public override void Dispose()
    {
    }

    /// <inheritdoc/>
    public override string PlaceOf(string file) => In(file);

    private string In(string file) => System.IO.Path.Combine(directory, file);
}
