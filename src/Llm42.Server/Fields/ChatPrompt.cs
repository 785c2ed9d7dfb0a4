using System.Buffers;
using System.Text.Json;
using Llm42.ChatTemplates;
using Llm42.Server.Http;

namespace Llm42.Server.Fields;

/// <summary>Makes the prompt of a chat by the model's own template.</summary>
internal sealed class ChatPrompt
{
    private static readonly JsonDocumentOptions DocumentOptions = new() { MaxDepth = 256 };

    private readonly ServedModel _model;
    private readonly ReadOnlyMemory<byte> _request;

    private ChatPrompt(ServedModel model, ReadOnlyMemory<byte> request)
    {
        _model = model;
        _request = request;
    }

    /// <summary>Reads what the template sees; <see cref="Encode"/> renders it.</summary>
    /// <exception cref="ApiException">A field is wrong, or the model has no template.</exception>
    public static ChatPrompt Read(ServedModel model, RequestFields fields, ToolUse tools)
    {
        var template = TemplateOf(model);
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WritePropertyName("messages");
            MessageFields.Write(fields, json, template.Sources.Values.Any(source => source.Contains("developer", StringComparison.Ordinal)));
            if (tools.Definitions is { } definitions)
            {
                json.WritePropertyName("tools");
                definitions.WriteTo(json);
            }
            var continues = fields.Boolean("continue_final_message") ?? false;
            var addsPrompt = fields.Boolean("add_generation_prompt") ?? !continues;
            if (continues && addsPrompt)
                throw fields.Unsupported("continue_final_message", "not together with add_generation_prompt.");
            json.WriteBoolean("continue_final_message", continues);
            json.WriteBoolean("add_generation_prompt", addsPrompt);
            WriteVariables(fields, json);
            json.WriteEndObject();
        }
        return new ChatPrompt(model, buffer.WrittenMemory);
    }

    /// <summary>The model's template.</summary>
    /// <exception cref="ApiException">It has none that can be used.</exception>
    public static ChatTemplate TemplateOf(ServedModel model)
    {
        try
        {
            return model.Engine.ChatTemplate ?? throw Missing("The model has no chat template");
        }
        catch (InvalidOperationException error)
        {
            throw Missing($"The model's chat template cannot be used ({error.Message})");
        }

        static ApiException Missing(string what) => ApiException.Invalid(
            $"{what}, so there is no way from messages to a prompt. Send the prompt itself to /v1/completions.", "messages", "no_chat_template");
    }

    /// <summary>The token ids of the prompt.</summary>
    public int[] Encode()
    {
        if (_model.Engine.Tokenizer is not { } tokenizer)
            throw ApiException.Invalid("The model has no tokenizer; send token ids to /v1/completions.", "messages");
        using var request = JsonDocument.Parse(_request, DocumentOptions);
        try
        {
            // The text holds its special tokens.
            var ids = tokenizer.Encode(TemplateOf(_model).Render(request.RootElement), addSpecialTokens: false);
            return ids.Length > 0 ? ids : throw ApiException.Invalid("The model's chat template makes an empty prompt of these messages.", "messages");
        }
        catch (ChatTemplateException error)
        {
            throw ApiException.Invalid(
                error.IsRaisedByTemplate
                    ? $"The model's chat template refuses these messages: {error.Message}"
                    : $"The model's chat template cannot be rendered with these messages: {error.Message}",
                "messages",
                "chat_template_error");
        }
        catch (ArgumentException error)
        {
            throw ApiException.Invalid(error.Message, "messages", "chat_template_error");
        }
    }

    /// <summary>Variables of the template: "enable_thinking" and the like.</summary>
    private static void WriteVariables(RequestFields fields, Utf8JsonWriter json)
    {
        const string Name = "chat_template_kwargs";
        if (fields.Find(Name) is not { } variables)
            return;
        if (variables.ValueKind != JsonValueKind.Object)
            throw fields.Wrong(Name, "an object", variables);
        foreach (var variable in variables.EnumerateObject())
        {
            if (variable.Name is "messages" or "tools" or "continue_final_message" or "add_generation_prompt" or "chat_template")
                throw fields.Unsupported(Name, $"\"{variable.Name}\" is not a variable of its own here.");
            variable.WriteTo(json);
        }
    }
}
