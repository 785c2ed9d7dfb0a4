using System.Text.Json;
using Llm42.Tokenization;
using Llm42.Weights;

namespace Llm42.ModelFiles;

/// <summary>Where a model directory may say how a chat becomes a prompt.</summary>
internal static class ChatTemplateFiles
{
    private const string Field = "chat_template";

    // On its own, in JSON of its own, and beside the tokenizer's settings, as releases of transformers wrote it.
    private const string TextFile = "chat_template.jinja";
    private const string JsonFile = "chat_template.json";

    /// <summary>True if one of the places holds a template; whether it can be rendered is not looked at.</summary>
    public static bool Exist(string directory) =>
        Path.Exists(Path.Combine(directory, TextFile))
        || HasField(Path.Combine(directory, JsonFile))
        || HasField(Path.Combine(directory, TokenizerConfig.FileName));

    private static bool HasField(string path) =>
        Path.Exists(path)
        && JsonText.ReadObject(path).TryGetProperty(Field, out var template)
        && template.ValueKind != JsonValueKind.Null;
}
