using System.Runtime.CompilerServices;
using Llm42.ChatTemplates;
using Llm42.Tokenization;
using Microsoft.Extensions.AI;

namespace Llm42.Extensions.AI;

/// <summary>A chat client on an engine. Keeps nothing between requests.</summary>
internal sealed class EngineChatClient : IChatClient
{
    private readonly InferenceEngine _engine;
    private readonly ChatTemplate _template;
    private readonly ITokenizer _tokenizer;
    private readonly ChatClientMetadata _metadata;
    private readonly string _modelId;

    public EngineChatClient(InferenceEngine engine, string modelId)
    {
        _engine = engine;
        _modelId = modelId;
        _template = engine.ChatTemplate ?? throw new InvalidOperationException(
            $"The model {modelId} has no chat template, so a conversation cannot be made a prompt; use GenerateAsync with a prompt of your own.");
        _tokenizer = engine.Tokenizer ?? throw new InvalidOperationException(
            $"The model {modelId} has no tokenizer, so it cannot read a conversation; use GenerateAsync with token ids.");
        _metadata = new ChatClientMetadata("llm42", defaultModelId: modelId);
    }

    public async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        var (answer, chunks) = Ask(messages, options, cancellationToken);
        var response = await UpdatesAsync(answer, chunks, cancellationToken).ToChatResponseAsync(cancellationToken).ConfigureAwait(false);
        response.RawRepresentation = answer.Result;
        return response;
    }

    // Not an iterator: what is wrong with a request is said at once.
    public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        var (answer, chunks) = Ask(messages, options, cancellationToken);
        return UpdatesAsync(answer, chunks, cancellationToken);
    }

    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is not null ? null
            : serviceType == typeof(ChatClientMetadata) ? _metadata
            : serviceType == typeof(InferenceEngine) ? _engine
            : serviceType.IsInstanceOfType(this) ? this
            : null;
    }

    public void Dispose()
    {
        // The engine is its owner's.
    }

    private static async IAsyncEnumerable<ChatResponseUpdate> UpdatesAsync(
        ChatAnswer answer, IAsyncEnumerable<GenerationChunk> chunks, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (var chunk in chunks.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            foreach (var update in answer.Take(chunk))
                yield return update;
        }
    }

    private (ChatAnswer Answer, IAsyncEnumerable<GenerationChunk> Chunks) Ask(
        IEnumerable<ChatMessage> messages, ChatOptions? options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(messages);
        options ??= new ChatOptions();
        var additional = new AdditionalValues(options.AdditionalProperties);
        var tools = ChatTools.Of(options, _template);
        var generation = ChatGeneration.Of(this, _modelId, options, additional, tools, _tokenizer);
        var prompt = ChatPrompt.Render(
            _template, messages, options.Instructions, tools.ToJson(), additional.Object(Llm42ChatProperties.TemplateVariables));
        var promptIds = _tokenizer.Encode(prompt, addSpecialTokens: false);
        return (
            new ChatAnswer(_engine, _modelId, promptIds, generation, tools),
            _engine.GenerateAsync(promptIds, generation, cancellationToken));
    }
}
