using System.Text;
using System.Text.Json;
using Llm42.Tokenization;
using Llm42.Tokenization.Json;

namespace Llm42.ChatTemplates.Loading;

/// <summary>
/// Finds the templates of a model directory where the hub's library does: chat_template.jinja and
/// additional_chat_templates/*.jinja, else "chat_template" of tokenizer_config.json, else that of chat_template.json.
/// </summary>
internal static class TemplateFiles
{
    public const string TemplateFile = "chat_template.jinja";
    public const string AdditionalFolder = "additional_chat_templates";
    public const string ProcessorFile = "chat_template.json";

    /// <summary>The name of the template that is used where none is asked for.</summary>
    public const string DefaultName = "default";

    /// <summary>A template as it was found.</summary>
    internal sealed record Found(string Name, string File, string Template);

    /// <summary>The templates of a directory, none if it has none.</summary>
    /// <param name="directory">The model directory.</param>
    /// <param name="maximumLength">The most UTF-16 units of a template.</param>
    /// <exception cref="TokenizerFormatException">A file is malformed.</exception>
    public static List<Found> Read(string directory, int maximumLength)
    {
        List<Found> templates = ReadFiles(directory, maximumLength);
        if (templates.Count == 0)
            templates = ReadJson(Path.Combine(directory, TokenizerConfig.FileName));
        return templates.Count > 0 ? templates : ReadJson(Path.Combine(directory, ProcessorFile));
    }

    private static List<Found> ReadFiles(string directory, int maximumLength)
    {
        var templates = new List<Found>();
        string file = Path.Combine(directory, TemplateFile);
        if (File.Exists(file))
            templates.Add(new Found(DefaultName, file, ReadText(file, maximumLength)));
        string folder = Path.Combine(directory, AdditionalFolder);
        if (Directory.Exists(folder))
        {
            foreach (string additional in Directory.EnumerateFiles(folder, "*.jinja").Order(StringComparer.Ordinal))
                templates.Add(new Found(Path.GetFileNameWithoutExtension(additional), additional, ReadText(additional, maximumLength)));
        }

        return templates;
    }

    private static string ReadText(string file, int maximumLength)
    {
        long length = new FileInfo(file).Length;
        // A UTF-16 unit has three bytes at most in UTF-8.
        if (length > 3L * maximumLength)
            throw new TokenizerFormatException(file, "$", $"the file has {length} bytes; a template has {maximumLength} characters at most");
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(File.ReadAllBytes(file)).TrimStart('\uFEFF');
        }
        catch (DecoderFallbackException exception)
        {
            throw new TokenizerFormatException(file, "$", "the file is not UTF-8", exception);
        }
    }

    /// <summary>A template, or a list of named ones: [{"name": ..., "template": ...}].</summary>
    private static List<Found> ReadJson(string file)
    {
        if (!File.Exists(file))
            return [];
        using JsonDocument document = JsonFile.Parse(file, JsonFile.ReadBytes(file));
        var root = new JsonNode(file, "$", document.RootElement);
        try
        {
            return ReadJson(root, file);
        }
        catch (InvalidOperationException exception)
        {
            // The JSON reader's word for escapes that are not Unicode, in the names of templates too.
            throw root.Error($"the file holds text that is not valid Unicode: {exception.Message}", exception);
        }
    }

    private static List<Found> ReadJson(JsonNode root, string file)
    {
        if (!root.TryGet("chat_template", out JsonNode node))
            return [];
        switch (node.Kind)
        {
            case JsonValueKind.String:
                return [new Found(DefaultName, file, node.String())];
            case JsonValueKind.Array:
                return [.. node.Items().Select(item => new Found(item.Required("name").String(), file, item.Required("template").String()))];
            case JsonValueKind.Object:
                return [.. node.Element.EnumerateObject().Select(item => new Found(item.Name, file, node.Required(item.Name).String()))];
            default:
                throw node.Error($"expected a template or a list of named templates, found {node.Kind}");
        }
    }
}
