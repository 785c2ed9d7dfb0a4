using System.Text.Json;
using Llm42.ChatTemplates.Evaluation;
using Llm42.ChatTemplates.Loading;
using Llm42.ChatTemplates.Values;
using Llm42.ModelFiles;
using Llm42.Tokenization;

namespace Llm42.ChatTemplates;

/// <summary>
/// A model's own chat template: makes a prompt of messages, as the hub's Python library does with the same template.
/// <para>
/// Templates are Jinja with the hub's additions. A template comes from outside and is not trusted: it sees nothing but
/// the values of the request, cannot change them, and what it may use is bounded (<see cref="ChatTemplateLimits"/>).
/// Prompts depend on the template and the request alone, except where a template asks for the time: see
/// <see cref="ChatTemplateOptions.Clock"/>.
/// </para>
/// <para>Instances are safe to use from many threads.</para>
/// </summary>
public sealed class ChatTemplate
{
    internal const string ToolTemplate = "tool_use";

    private readonly Dictionary<string, TemplateProgram> _programs;
    private readonly Dictionary<string, IReadOnlyList<string>> _tokens;
    private readonly string? _additionalTokens;
    private readonly string _place;

    private ChatTemplate(
        string place, IReadOnlyList<TemplateFiles.Found> templates, Dictionary<string, IReadOnlyList<string>> tokens, string? additionalTokens,
        ChatTemplateOptions options)
    {
        _place = place;
        _tokens = tokens;
        _additionalTokens = additionalTokens;
        _programs = [];
        var sources = new Dictionary<string, string>();
        foreach (TemplateFiles.Found template in templates)
        {
            string name = templates.Count == 1 ? template.File : $"{template.File} ({template.Name})";
            _programs[template.Name] = new TemplateProgram(name, template.Template, options);
            sources[template.Name] = template.Template;
        }

        Sources = sources;
    }

    /// <summary>The templates by name; a model with one calls it "default".</summary>
    public IReadOnlyDictionary<string, string> Sources { get; }

    /// <summary>Loads the templates and special tokens of a model.</summary>
    /// <param name="modelPath">A model directory, of which the files of the tokenizer are enough, or a GGUF file.</param>
    /// <param name="options">How templates are rendered; null for the defaults.</param>
    /// <returns>The template.</returns>
    /// <exception cref="FileNotFoundException">The model has no chat template.</exception>
    /// <exception cref="DirectoryNotFoundException">There is no such directory or file.</exception>
    /// <exception cref="ModelFormatException">A GGUF file is malformed.</exception>
    /// <exception cref="TokenizerFormatException">A file that holds a template or tokens is malformed.</exception>
    /// <exception cref="ChatTemplateException">A template is malformed or not supported; the message names the place.</exception>
    public static ChatTemplate Load(string modelPath, ChatTemplateOptions? options = null) =>
        TryLoad(modelPath, options) ?? throw new FileNotFoundException(
            $"{modelPath}: the model has no chat template; there is no {TemplateFiles.TemplateFile}, and no \"chat_template\" in {TokenizerConfig.FileName}.");

    /// <summary>Loads the templates and special tokens of a model, if it has templates.</summary>
    /// <param name="modelPath">A model directory, of which the files of the tokenizer are enough, or a GGUF file.</param>
    /// <param name="options">How templates are rendered; null for the defaults.</param>
    /// <returns>The template, or null for a model without one.</returns>
    /// <exception cref="DirectoryNotFoundException">There is no such directory or file.</exception>
    /// <exception cref="ModelFormatException">A GGUF file is malformed.</exception>
    /// <exception cref="TokenizerFormatException">A file that holds a template or tokens is malformed.</exception>
    /// <exception cref="ChatTemplateException">A template is malformed or not supported; the message names the place.</exception>
    public static ChatTemplate? TryLoad(string modelPath, ChatTemplateOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(modelPath);
        if (!Path.Exists(modelPath))
            throw new DirectoryNotFoundException($"{modelPath}: there is no such directory or file.");
        using ModelFileSet files = ModelFileSet.Open(modelPath);
        return files.LoadChatTemplate(options);
    }

    /// <summary>Loads the templates of a directory in Hugging Face's layout; null for one without.</summary>
    internal static ChatTemplate? LoadDirectory(string directory, ChatTemplateOptions? options)
    {
        options ??= new ChatTemplateOptions();
        List<TemplateFiles.Found> templates = TemplateFiles.Read(directory, options.Limits.MaximumTemplateLength);
        if (templates.Count == 0)
            return null;
        Dictionary<string, IReadOnlyList<string>> tokens = SpecialTokens.Read(directory, out string? additional);
        return new ChatTemplate(directory, templates, tokens, additional, options);
    }

    /// <summary>Reads a template that is at hand as text, such as the one in a GGUF file's metadata.</summary>
    /// <param name="name">What error messages call it.</param>
    /// <param name="template">The template.</param>
    /// <param name="specialTokens">The tokens that it has as variables, by name ("bos_token"); null or empty ones are left out.</param>
    /// <param name="options">How it is rendered; null for the defaults.</param>
    /// <returns>The template.</returns>
    /// <exception cref="ChatTemplateException">The template is malformed or not supported; the message names the place.</exception>
    public static ChatTemplate Parse(
        string name, string template, IReadOnlyDictionary<string, string?>? specialTokens = null, ChatTemplateOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(template);
        var tokens = new Dictionary<string, IReadOnlyList<string>>();
        foreach ((string token, string? text) in specialTokens ?? new Dictionary<string, string?>())
        {
            if (!string.IsNullOrEmpty(text))
                tokens[token] = [text];
        }

        return new ChatTemplate(name, [new TemplateFiles.Found(TemplateFiles.DefaultName, name, template)], tokens, null, options ?? new ChatTemplateOptions());
    }

    /// <summary>
    /// Renders a prompt. The request is an object with "messages" and, as they are wanted, "tools" (a list; a model with a
    /// template of its own for tools then uses that one), "documents", "add_generation_prompt" (false if absent),
    /// "continue_final_message" (the prompt then ends with the last message's text), and "chat_template" (the name of one
    /// of several templates). Every other field becomes a variable of the template: "enable_thinking", "date_string",
    /// also "bos_token" and the like, which then take the place of the model's.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <returns>The prompt. Special tokens are written out in it.</returns>
    /// <exception cref="ArgumentException">A field of the request is not what it has to be.</exception>
    /// <exception cref="ChatTemplateException">The template refuses the request, or cannot be rendered with it.</exception>
    public string Render(JsonElement request)
    {
        if (request.ValueKind != JsonValueKind.Object)
            throw new ArgumentException($"the request is {Kind(request)}; it must be an object with \"messages\".", nameof(request));
        if (!request.TryGetProperty("messages", out JsonElement messages) || messages.ValueKind != JsonValueKind.Array)
            throw new ArgumentException($"\"messages\" is {Kind(messages)}; it must be a list of messages.", nameof(request));
        foreach (JsonElement message in messages.EnumerateArray())
        {
            if (message.ValueKind != JsonValueKind.Object)
                throw new ArgumentException($"\"messages\" holds {Kind(message)}; each message must be an object with \"role\" and \"content\".", nameof(request));
        }

        foreach (string list in (string[])["tools", "documents"])
        {
            if (request.TryGetProperty(list, out JsonElement value) && value.ValueKind is not (JsonValueKind.Array or JsonValueKind.Null))
                throw new ArgumentException($"\"{list}\" is {Kind(value)}; it must be a list or null.", nameof(request));
        }

        bool continues = Flag(request, "continue_final_message");
        if (continues && Flag(request, "add_generation_prompt"))
            throw new ArgumentException("\"continue_final_message\" and \"add_generation_prompt\" are both true; a prompt goes on with the last message or begins the next one.", nameof(request));
        string prompt = Choose(request).Render(budget => Variables(request, budget));
        return continues ? FinalMessage.Cut(prompt, messages) : prompt;
    }

    private static bool Flag(JsonElement request, string name) =>
        request.TryGetProperty(name, out JsonElement value) && value.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False or JsonValueKind.Null => false,
            _ => throw new ArgumentException($"\"{name}\" is {Kind(value)}; it must be true or false.", nameof(request)),
        };

    private static string Kind(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Undefined => "missing",
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "a truth value",
    };

    private TemplateProgram Choose(JsonElement request)
    {
        string names = string.Join(", ", _programs.Keys.Select(name => $"\"{name}\""));
        if (request.TryGetProperty("chat_template", out JsonElement chosen) && chosen.ValueKind != JsonValueKind.Null)
        {
            return _programs.FirstOrDefault(named => chosen.ValueKind == JsonValueKind.String && chosen.ValueEquals(named.Key)).Value
                ?? throw new ArgumentException($"\"chat_template\" names no template of the model; it has {names}.", nameof(request));
        }

        bool hasTools = request.TryGetProperty("tools", out JsonElement tools) && tools.ValueKind != JsonValueKind.Null;
        if (hasTools && _programs.TryGetValue(ToolTemplate, out TemplateProgram? program))
            return program;
        return _programs.TryGetValue(TemplateFiles.DefaultName, out program)
            ? program
            : throw new ArgumentException($"{_place} has several chat templates and none is called \"default\"; choose one with \"chat_template\": {names}.", nameof(request));
    }

    private Dictionary<string, Value> Variables(JsonElement request, Budget budget)
    {
        var variables = new Dictionary<string, Value>
        {
            ["tools"] = NoneValue.Instance,
            ["documents"] = NoneValue.Instance,
            ["add_generation_prompt"] = BooleanValue.False,
        };
        foreach ((string name, IReadOnlyList<string> texts) in _tokens)
        {
            variables[name] = name == _additionalTokens
                ? new ListValue([.. texts.Select(text => new StringValue(text))], budget)
                : new StringValue(texts[0]);
        }

        try
        {
            foreach (JsonProperty field in request.EnumerateObject())
            {
                if (field.Name is not ("chat_template" or "continue_final_message"))
                    variables[field.Name] = JsonValues.Of(field.Value, budget);
            }
        }
        catch (InvalidOperationException exception)
        {
            // The JSON reader's word for escapes that are half a surrogate pair.
            throw new ArgumentException($"the request holds text that is not valid Unicode: {exception.Message}", nameof(request), exception);
        }

        return variables;
    }
}
