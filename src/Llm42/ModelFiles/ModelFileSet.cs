using Llm42.ChatTemplates;
using Llm42.Gguf;
using Llm42.Models;
using Llm42.Tokenization;
using Llm42.Weights;

namespace Llm42.ModelFiles;

/// <summary>
/// What a model is loaded from. Whatever the files are, each part comes in the form that Hugging Face's files give it, so
/// that the readers of those check it.
/// </summary>
internal abstract class ModelFileSet : IDisposable
{
    /// <summary>The directory or the file, as it was named.</summary>
    public abstract string Path { get; }

    /// <summary>How the weights are stored: "safetensors" or "gguf".</summary>
    public abstract string Format { get; }

    /// <summary>config.json.</summary>
    public abstract JsonObjectReader Config { get; }

    /// <summary>SHA-256 of config.json, in lower-case hexadecimal digits.</summary>
    public abstract string ConfigDigest { get; }

    /// <summary>generation_config.json; null if there is none.</summary>
    public abstract JsonObjectReader? GenerationConfig { get; }

    /// <summary>There is a tokenizer.json.</summary>
    public abstract bool HasTokenizer { get; }

    /// <summary>There is a chat template; whether it can be rendered is not looked at.</summary>
    /// <exception cref="TokenizerFormatException">A file that may hold it is malformed.</exception>
    public abstract bool HasChatTemplate { get; }

    /// <summary>tokenizer.json; null if there is none.</summary>
    /// <exception cref="TokenizerFormatException">It is malformed or not supported.</exception>
    public abstract BpeTokenizer? LoadTokenizer();

    /// <summary>tokenizer_config.json; names no tokens if there is none.</summary>
    /// <exception cref="TokenizerFormatException">It is malformed.</exception>
    public abstract TokenizerConfig LoadTokenizerConfig();

    /// <summary>What makes a prompt of a chat; null if there is none.</summary>
    /// <exception cref="TokenizerFormatException">A file that holds it is malformed.</exception>
    /// <exception cref="ChatTemplateException">It is malformed or not supported.</exception>
    public abstract ChatTemplate? LoadChatTemplate(ChatTemplateOptions? options = null);

    /// <summary>Where that is found which Hugging Face's layout has in a file of such a name.</summary>
    public abstract string PlaceOf(string file);

    /// <summary>The weights, to be disposed before the set.</summary>
    public abstract IWeightSource OpenWeights();

    /// <inheritdoc/>
    public abstract void Dispose();

    /// <summary>
    /// Opens a model: a directory in Hugging Face's layout, a GGUF file, or a directory with a single model in GGUF files
    /// and no safetensors.
    /// </summary>
    /// <exception cref="ModelFormatException">There is no model, there are several, or its files are malformed.</exception>
    public static ModelFileSet Open(string path)
    {
        if (File.Exists(path))
            return path.EndsWith(GgufFile.Extension, StringComparison.OrdinalIgnoreCase)
                ? GgufFileSet.Open(path)
                : throw new ModelFormatException(
                    path, $"is a file; a model is a directory in Hugging Face's layout or a file whose name ends in {GgufFile.Extension}.");
        if (!Directory.Exists(path))
            throw new ModelFormatException(path, "the model directory does not exist.");
        if (HasSafetensors(path))
            return new HuggingFaceFileSet(path);
        var models = GgufModel.FindIn(path);
        return models.Length switch
        {
            0 => new HuggingFaceFileSet(path),
            1 => GgufFileSet.Open(models[0]),
            _ => throw new ModelFormatException(
                path, $"holds {models.Length} models in GGUF files; name one of them: {string.Join(", ", models.Select(System.IO.Path.GetFileName))}."),
        };
    }

    private static bool HasSafetensors(string directory) =>
        File.Exists(System.IO.Path.Combine(directory, SafetensorsSource.FileName))
        || File.Exists(System.IO.Path.Combine(directory, SafetensorsSource.IndexFileName));
}
