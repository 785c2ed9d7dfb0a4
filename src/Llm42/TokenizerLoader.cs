using Llm42.ModelFiles;
using Llm42.Tokenization;

namespace Llm42;

/// <summary>Loads the tokenizer of a model without its weights.</summary>
public static class TokenizerLoader
{
    /// <summary>Loads it from whatever <see cref="InferenceEngine.LoadAsync"/> takes, or from a tokenizer.json file.</summary>
    /// <param name="modelPath">A model directory, a GGUF file, or a tokenizer.json file.</param>
    /// <returns>The tokenizer; null if the model has none.</returns>
    /// <exception cref="ModelFormatException">There is no such model, or its files are malformed.</exception>
    /// <exception cref="TokenizerFormatException">The tokenizer is malformed or not supported; the message names the place.</exception>
    public static ITokenizer? Load(string modelPath)
    {
        ArgumentException.ThrowIfNullOrEmpty(modelPath);
        if (File.Exists(modelPath) && modelPath.EndsWith(".json", StringComparison.OrdinalIgnoreCase))
            return TokenizerJson.Load(modelPath);
        using var files = ModelFileSet.Open(modelPath);
        return files.LoadTokenizer();
    }
}
