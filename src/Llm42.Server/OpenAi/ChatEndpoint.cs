using Llm42.Core.Requests;
using Llm42.Server.Answers;
using Llm42.Server.Fields;
using Llm42.Server.Http;
using Llm42.ToolCalls;
using Microsoft.AspNetCore.Http;

namespace Llm42.Server.OpenAi;

/// <summary>POST /v1/chat/completions.</summary>
internal sealed class ChatEndpoint(ServedModel model)
{
    private readonly ChatRequestReader _reader = new(model);
    private readonly TokenTexts _texts = new(model.Engine.Tokenizer);

    /// <summary>Serves a request.</summary>
    public async Task ServeAsync(HttpContext context)
    {
        using var body = await RequestBody.ReadAsync(context, model.Options.MaxBodyBytes).ConfigureAwait(false);
        var request = _reader.Read(new RequestFields(body.RootElement), DeterminismHeader.Read(context));
        using var deadline = new Deadline(context, model);
        await deadline.RunAsync(async cancellation =>
        {
            var chunks = AnswerBatch.RunAsync(context, model.Engine, [request.Prompt], request.Options, request.Stream is not null, cancellation);
            ChatAnswer[] answers = [.. Enumerable.Range(0, request.Options.N).Select(i => new ChatAnswer(request, i))];
            if (request.Stream is { } stream)
                await StreamAsync(new EventStream(context), request, stream, chunks, answers).ConfigureAwait(false);
            else
                await AnswerAsync(context, request, chunks, answers, cancellation).ConfigureAwait(false);
        }).ConfigureAwait(false);
    }

    private async Task AnswerAsync(
        HttpContext context, ChatRequest request, IAsyncEnumerable<GenerationChunk> chunks, ChatAnswer[] answers, CancellationToken cancellation)
    {
        await foreach (var chunk in chunks.ConfigureAwait(false))
            answers[chunk.Index].Append(chunk);
        GenerationChunk[] lasts = [.. answers.Select(answer => answer.Last)];
        var response = new ChatResponse
        {
            Id = request.Id,
            Created = Now,
            Model = model.Name,
            SystemFingerprint = model.SystemFingerprint,
            Choices = [.. answers.Select((answer, i) => new ChatChoice(i, MessageOf(answer), LogprobsOf(request, answer.Tokens), answer.FinishReason))],
            Usage = Usage.Of(lasts, request.Options.N),
            Llm42 = Guarantee.Of(model, request.Options, lasts),
        };
        await context.Response.WriteAsJsonAsync(response, ServerJson.Default.ChatResponse, cancellationToken: cancellation).ConfigureAwait(false);
    }

    private async Task StreamAsync(
        EventStream events, ChatRequest request, StreamOptions stream, IAsyncEnumerable<GenerationChunk> chunks, ChatAnswer[] answers)
    {
        var envelope = Envelope(request);
        var frame = EventFrame.Of(envelope, ServerJson.Default.ChatEvent);
        var hasBegun = new bool[answers.Length];
        var open = answers.Length;
        await foreach (var chunk in chunks.ConfigureAwait(false))
        {
            var i = chunk.Index;
            if (!hasBegun[i])
                await WriteAsync(new ChatEventChoice(i, new ChatDelta { Role = "assistant", Content = "" })).ConfigureAwait(false);
            hasBegun[i] = true;
            var answer = answers[i];
            var piece = answer.Append(chunk);

            // Calls as OpenAI streams them: an event with the name, then events with arguments.
            ChatDelta[] deltas = [.. piece.Calls.Where(call => call.Name is not null || call.Arguments.Length > 0).Select(DeltaOf)];
            if (piece.Content.Length > 0)
                deltas = [new ChatDelta { Content = piece.Content }, .. deltas];
            var logprobs = chunk.Tokens.Count > 0 ? LogprobsOf(request, chunk.Tokens) : null;
            if (deltas.Length == 0 && logprobs is not null)
                deltas = [ChatDelta.Empty];
            foreach (var (j, delta) in deltas.Index())
                await WriteAsync(new ChatEventChoice(i, delta) { Logprobs = j == 0 ? logprobs : null }).ConfigureAwait(false);
            if (chunk.FinishReason is null)
                continue;

            // The last event of all tells what was guaranteed.
            open--;
            var guarantee = open == 0 && !stream.IncludeUsage ? GuaranteeOf() : null;
            await WriteAsync(new ChatEventChoice(i, ChatDelta.Empty) { FinishReason = answer.FinishReason }, guarantee).ConfigureAwait(false);
        }
        if (stream.IncludeUsage)
            await events.WriteAsync(
                envelope with { Usage = Usage.Of(Lasts(), request.Options.N), Llm42 = GuaranteeOf() },
                ServerJson.Default.ChatEvent).ConfigureAwait(false);
        await events.EndAsync().ConfigureAwait(false);

        Task WriteAsync(ChatEventChoice choice, Guarantee? guarantee = null) => guarantee is null
            ? events.WriteAsync(choice, ServerJson.Default.ChatEventChoice, frame)
            : events.WriteAsync(envelope with { Choices = [choice], Llm42 = guarantee }, ServerJson.Default.ChatEvent);

        GenerationChunk[] Lasts() => [.. answers.Select(answer => answer.Last)];

        Guarantee GuaranteeOf() => Guarantee.Of(model, request.Options, Lasts());
    }

    private long Now => model.Clock.GetUtcNow().ToUnixTimeSeconds();

    private static ChatMessage MessageOf(ChatAnswer answer) =>
        answer.Calls.Count == 0
            ? new ChatMessage(answer.Content)
            : new ChatMessage(answer.Content.Length > 0 ? answer.Content : null)
            {
                ToolCalls = [.. answer.Calls.Select(call => new ChatToolCall(call.Id, new ChatFunctionCall(call.Name, call.Arguments)))],
            };

    private static ChatDelta DeltaOf(ToolCallDelta call) =>
        new() { ToolCalls = [new ChatToolCallDelta(call.Index, new ChatFunctionDelta(call.Arguments) { Name = call.Name }) { Id = call.Id }] };

    private ChatLogprobs? LogprobsOf(ChatRequest request, IEnumerable<TokenEvent> tokens) => request.HasLogprobs ? _texts.Chat(tokens) : null;

    private ChatEvent Envelope(ChatRequest request) => new()
    {
        Id = request.Id,
        Created = Now,
        Model = model.Name,
        SystemFingerprint = model.SystemFingerprint,
        Choices = [],
    };
}
