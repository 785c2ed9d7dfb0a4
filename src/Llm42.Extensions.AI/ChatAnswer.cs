using System.Text;
using System.Text.Json;
using Llm42.Core.Requests;
using Llm42.Receipts;
using Llm42.ToolCalls;
using Microsoft.Extensions.AI;

namespace Llm42.Extensions.AI;

/// <summary>One answer as it arrives: makes updates of its pieces.</summary>
internal sealed class ChatAnswer
{
    private readonly InferenceEngine _engine;
    private readonly string _modelId;
    private readonly IReadOnlyList<int> _promptIds;
    private readonly GenerationOptions _options;
    private readonly ChatAnswerReader _reader;
    private readonly StringBuilder _text = new();
    private readonly List<TokenEvent> _tokens = [];
    private readonly string _id = $"chatcmpl-{Guid.NewGuid():N}";
    private readonly DateTimeOffset _created = DateTimeOffset.UtcNow;

    public ChatAnswer(InferenceEngine engine, string modelId, IReadOnlyList<int> promptIds, GenerationOptions options, ChatTools tools)
    {
        _engine = engine;
        _modelId = modelId;
        _promptIds = promptIds;
        _options = options;
        _reader = new ChatAnswerReader(tools.Format, promptIds, isParallel: tools.IsParallel);
    }

    /// <summary>The whole answer, once its last piece was taken.</summary>
    public GenerationResult? Result { get; private set; }

    /// <summary>Takes a piece.</summary>
    /// <exception cref="OperationCanceledException">The engine was disposed before the answer was whole.</exception>
    public IEnumerable<ChatResponseUpdate> Take(GenerationChunk chunk)
    {
        if (chunk.FinishReason == FinishReason.Cancelled)
            throw new OperationCanceledException("The engine was disposed while it answered.");
        _text.Append(chunk.Text);
        _tokens.AddRange(chunk.Tokens);
        var contents = ContentsOf(_reader.Append(chunk));
        if (contents.Count > 0)
            yield return Update(contents, chunk);
        if (chunk.FinishReason is not { } reason)
            yield break;

        Result = new GenerationResult(_text.ToString(), _tokens, reason, chunk.Usage!, chunk.Statistics!) { LayerTrace = chunk.LayerTrace };

        // What is said of the answer as a whole belongs to the response, not to its message.
        var last = Update([new UsageContent(UsageOf(chunk.Usage!))], Result);
        last.MessageId = null;
        last.FinishReason = reason == FinishReason.Length ? ChatFinishReason.Length : _reader.Calls.Count > 0 ? ChatFinishReason.ToolCalls : ChatFinishReason.Stop;
        last.AdditionalProperties = new() { [Llm42ChatProperties.Guarantee] = GuaranteeOf(Result) };
        yield return last;
    }

    private static UsageDetails UsageOf(TokenUsage usage) => new()
    {
        InputTokenCount = usage.PromptTokens,
        OutputTokenCount = usage.CompletionTokens,
        TotalTokenCount = usage.PromptTokens + usage.CompletionTokens,
        CachedInputTokenCount = usage.CachedTokens,
    };

    private ChatResponseUpdate Update(List<AIContent> contents, object raw) => new(ChatRole.Assistant, contents)
    {
        ResponseId = _id,
        MessageId = _id,
        ModelId = _modelId,
        CreatedAt = _created,
        RawRepresentation = raw,
    };

    private List<AIContent> ContentsOf(AnswerPiece piece)
    {
        var contents = new List<AIContent>();
        if (piece.Content.Length > 0)
            contents.Add(new TextContent(piece.Content));

        // There is no content for a part of a call.
        foreach (var delta in piece.Calls.Where(delta => delta.IsLast))
        {
            var call = _reader.Calls[delta.Index];
            contents.Add(FunctionCallContent.CreateFromParsedArguments(
                call.Arguments, call.Id, call.Name,
                static json => JsonSerializer.Deserialize<Dictionary<string, object?>>(json, AIJsonUtilities.DefaultOptions)));
        }

        return contents;
    }

    private Guarantee GuaranteeOf(GenerationResult result)
    {
        var engine = _engine.Engine;
        return new Guarantee
        {
            IsDeterministic = _options.IsDeterministic && _engine.GuaranteesDeterminism,
            Seed = _options.Seed,
            NumericsProfile = engine.NumericsProfile,
            Fingerprint = engine.Fingerprint,
            VerificationWindows = result.Statistics.VerificationWindows,
            Rollbacks = result.Statistics.Rollbacks,
            TokensRolledBack = result.Statistics.TokensRolledBack,
            Receipt = ReceiptOf(result),
        };
    }

    private Receipt? ReceiptOf(GenerationResult result)
    {
        if (!_options.IsDeterministic)
            return null;
        try
        {
            return _engine.CreateReceipt(_promptIds, _options, result, _modelId);
        }
        catch (ReceiptRefusedException)
        {
            // The guarantee is given up for a study, or a receipt cannot say all that the answer was made from.
            return null;
        }
    }
}
