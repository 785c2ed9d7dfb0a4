using Llm42.StructuredOutput;
using Llm42.Tokenization;
using Microsoft.Extensions.AI;

namespace Llm42.Extensions.AI;

/// <summary>Turns the options of a chat into those of a generation.</summary>
internal static class ChatGeneration
{
    /// <summary>The options of the one answer that is asked for.</summary>
    /// <exception cref="NotSupportedException">An option cannot be honoured; the message names it.</exception>
    /// <exception cref="ArgumentException">An option has a wrong value.</exception>
    public static GenerationOptions Of(IChatClient client, string modelId, ChatOptions options, AdditionalValues additional, ChatTools tools, ITokenizer tokenizer)
    {
        Refuse(options, modelId);
        var raw = RawOf(client, options);
        var start = raw ?? new GenerationOptions();
        var isDeterministic = additional.Boolean(Llm42ChatProperties.IsDeterministic) ?? start.IsDeterministic;
        return start with
        {
            IsDeterministic = isDeterministic,
            MaxTokens = options.MaxOutputTokens ?? start.MaxTokens,
            Temperature = options.Temperature ?? start.Temperature,
            TopP = options.TopP ?? start.TopP,
            TopK = options.TopK ?? start.TopK,
            MinP = additional.Number(Llm42ChatProperties.MinP) ?? start.MinP,
            RepetitionPenalty = additional.Number(Llm42ChatProperties.RepetitionPenalty) ?? start.RepetitionPenalty,
            PresencePenalty = options.PresencePenalty ?? start.PresencePenalty,
            FrequencyPenalty = options.FrequencyPenalty ?? start.FrequencyPenalty,
            LogitBias = additional.Bias(Llm42ChatProperties.LogitBias) ?? start.LogitBias,
            IgnoreEos = additional.Boolean(Llm42ChatProperties.IgnoreEos) ?? start.IgnoreEos,
            Seed = options.Seed is { } seed ? unchecked((ulong)seed)
                : raw?.Seed ?? (isDeterministic ? 0 : (ulong)Random.Shared.NextInt64()),
            Stop = options.StopSequences is { } stops ? [.. stops] : start.Stop,
            OutputFormat = tools.Restrict(FormatOf(options.ResponseFormat) ?? start.OutputFormat),
            SkipSpecialTokens = start.SkipSpecialTokens && !tools.HasSpecialMarkers(tokenizer),
            // The template has written them into the prompt.
            AddSpecialTokens = false,
        };
    }

    private static GenerationOptions? RawOf(IChatClient client, ChatOptions options) => options.RawRepresentationFactory?.Invoke(client) switch
    {
        null => null,
        GenerationOptions { N: > 1 } several => throw new NotSupportedException(
            $"RawRepresentationFactory gives options with N = {several.N}; a chat has one answer."),
        GenerationOptions raw => raw,
        var other => throw new NotSupportedException(
            $"RawRepresentationFactory gives a {other.GetType()}; it must give a {nameof(GenerationOptions)} or null."),
    };

    private static OutputFormat? FormatOf(ChatResponseFormat? format) => format switch
    {
        null or ChatResponseFormatText => null,
        ChatResponseFormatJson { Schema: { } schema } => OutputFormat.JsonSchema(schema),
        ChatResponseFormatJson => OutputFormat.JsonObject,
        _ => throw new NotSupportedException($"ResponseFormat is a {format.GetType().Name}; it must be text or JSON."),
    };

    private static void Refuse(ChatOptions options, string modelId)
    {
        if (options.ModelId is { } other && other != modelId)
            throw new NotSupportedException($"ModelId is \"{other}\"; this client answers with \"{modelId}\".");
        if (options.ConversationId is not null)
            throw new NotSupportedException("ConversationId is given, but this client keeps no conversations; send all messages.");
        if (options.Reasoning is { Effort: not null } or { Output: not null })
            throw new NotSupportedException(
                $"Reasoning is given; how a model is told to reason is up to its chat template: set its variables by \"{Llm42ChatProperties.TemplateVariables}\".");
#pragma warning disable MEAI001 // Experimental members; that they are set is all that is asked.
        if (options.ContinuationToken is not null || options.AllowBackgroundResponses == true)
            throw new NotSupportedException("ContinuationToken and AllowBackgroundResponses are given, but this client answers only while it is waited for.");
#pragma warning restore MEAI001
    }
}
