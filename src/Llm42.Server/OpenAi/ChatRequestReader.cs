using Llm42.Server.Fields;
using Llm42.Server.Http;
using Llm42.StructuredOutput;
using Llm42.ToolCalls;

namespace Llm42.Server.OpenAi;

/// <summary>Reads a request to /v1/chat/completions.</summary>
internal sealed class ChatRequestReader(ServedModel model)
{
    private const int MaxTopLogprobs = 20;

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

    /// <summary>What the answer has to look like: calls, what "response_format" says, or either; null for anything.</summary>
    private static OutputFormat? OutputFormatOf(ToolUse tools, ToolCallFormat format, OutputFormat? response)
    {
        if (tools.Tools.Count == 0 || (!tools.MustCall && response is null && !tools.Tools.Any(tool => tool.IsStrict)))
            return response;
        OutputFormat[] choices = [.. tools.Tools.Select(tool => ToolCallFormats.Call(format, tool.Name, ArgumentsOf(tool)))];
        if (!tools.MustCall && response is null)
            return ToolCallFormats.TextOrCalls(format, choices, tools.IsParallel);

        // A function that is asked for by name is called once.
        var calls = ToolCallFormats.Calls(format, choices, tools.IsParallel && !tools.IsNamed);
        return tools.MustCall ? calls : OutputFormat.AnyOf(calls, response!);
    }

    private static OutputFormat ArgumentsOf(OfferedTool tool)
    {
        try
        {
            return ToolCallFormats.Arguments(tool.Parameters, tool.IsStrict);
        }
        catch (ArgumentException error)
        {
            throw ApiException.Invalid($"{tool.Place}.parameters: {error.Message}", $"{tool.Place}.parameters", "invalid_schema");
        }
    }

    private bool IsSpecial(string marker) =>
        model.Engine.Tokenizer is { } tokenizer && tokenizer.TryGetId(marker, out var id) && tokenizer.IsSpecial(id);
}
