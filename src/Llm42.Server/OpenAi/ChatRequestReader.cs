using System.Text.Json;
using Llm42.Server.Fields;
using Llm42.Server.Http;
using Llm42.StructuredOutput;
using Llm42.ToolCalls;

namespace Llm42.Server.OpenAi;

/// <summary>Reads a request to /v1/chat/completions.</summary>
internal sealed class ChatRequestReader(ServedModel model)
{
    private const int MaxTopLogprobs = 20;

    private static readonly JsonElement NoParameters = JsonDocument.Parse("""{"type": "object", "properties": {}, "additionalProperties": false}""").RootElement;

    /// <summary>Reads the fields.</summary>
    /// <exception cref="ApiException">One of them is wrong, or cannot be honoured.</exception>
    public ChatRequest Read(RequestFields fields, bool? isDeterministicHeader)
    {
        ModelsEndpoint.Require(model, fields.Text("model") ?? throw fields.Missing("model"));
        var options = SamplingFields.Read(fields, model.Options, isDeterministicHeader);
        var maxTokens = ReadMaxTokens(fields);
        var hasLogprobs = fields.Boolean("logprobs") ?? false;
        var topLogprobs = fields.Integer("top_logprobs", 0, MaxTopLogprobs);
        if (topLogprobs is not null && !hasLogprobs)
            throw fields.Unsupported("top_logprobs", "only together with logprobs.");
        var tools = ToolFields.Read(fields);
        var format = CallFormatOf(tools);
        var outputFormat = OutputFormatOf(tools, format, ResponseFormatField.Read(fields));
        var stream = StreamOptions.Read(fields);
        var prompt = ChatPrompt.Read(model, fields, tools);
        OtherFields.Read(fields);
        fields.RefuseOthers();

        var ids = prompt.Encode();
        return new ChatRequest(
            ids,
            options with
            {
                // A prompt that leaves nothing is refused by the engine.
                MaxTokens = maxTokens ?? Math.Max(model.Engine.Model.MaxContext - ids.Length, 1),
                TopLogprobs = topLogprobs ?? 0,
                OutputFormat = outputFormat,
                SkipSpecialTokens = options.SkipSpecialTokens && !ToolCallFormats.MarkersOf(format).Any(IsSpecial),
            },
            hasLogprobs,
            tools,
            format,
            stream,
            $"chatcmpl-{Guid.NewGuid():N}");
    }

    private static int? ReadMaxTokens(RequestFields fields)
    {
        var now = fields.Integer("max_completion_tokens", 1, int.MaxValue);
        var before = fields.Integer("max_tokens", 1, int.MaxValue);
        return now is null || before is null || now == before
            ? now ?? before
            : throw fields.Unsupported("max_tokens", "not together with another max_completion_tokens.");
    }

    private ToolCallFormat CallFormatOf(ToolUse tools)
    {
        if (tools.Tools.Count == 0)
            return ToolCallFormat.None;
        var format = ToolCallFormats.Of(ChatPrompt.TemplateOf(model));
        return format != ToolCallFormat.None
            ? format
            : throw ApiException.Invalid(
                "tools: the model's chat template shows no way to call tools that this server can read (Hermes, Llama 3).", "tools", "unsupported_parameter");
    }

    /// <summary>What the answer has to look like: a call, what "response_format" says, or either.</summary>
    private static OutputFormat? OutputFormatOf(ToolUse tools, ToolCallFormat format, OutputFormat? response)
    {
        if (tools.MustCall)
            return AnyOf([.. tools.Tools.Select(Call)]);
        if (response is not null)
            return AnyOf([.. tools.Tools.Select(Call), response]);
        foreach (var tool in tools.Tools)
        {
            if (tool.IsStrict)
                throw ApiException.Invalid(
                    $"{tool.Place}.strict: true is offered together with a tool_choice that makes the answer a call (\"required\" or a function), or with response_format.",
                    $"{tool.Place}.strict",
                    "unsupported_parameter");
        }
        return null;

        OutputFormat Call(OfferedTool tool) => ToolCallFormats.Call(format, tool.Name, ArgumentsOf(tool));
    }

    private static OutputFormat AnyOf(OutputFormat[] choices) => choices.Length == 1 ? choices[0] : OutputFormat.AnyOf(choices);

    private static OutputFormat ArgumentsOf(OfferedTool tool)
    {
        if (tool.Parameters is not { } schema)
            return OutputFormat.JsonSchema(NoParameters);
        var parameter = $"{tool.Place}.parameters";
        if (tool.IsStrict)
            return ResponseFormatField.Compile(schema, parameter, parameter);
        try
        {
            return OutputFormat.JsonSchema(schema);
        }
        catch (ArgumentException)
        {
            // Only strict functions are promised arguments of their schema.
            return OutputFormat.JsonObject;
        }
    }

    private bool IsSpecial(string marker) =>
        model.Engine.Tokenizer is { } tokenizer && tokenizer.TryGetId(marker, out var id) && tokenizer.IsSpecial(id);
}
