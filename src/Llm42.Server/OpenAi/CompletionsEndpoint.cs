using Llm42.Core.Execution;
using Llm42.Core.Requests;
using Llm42.Server.Answers;
using Llm42.Server.Fields;
using Llm42.Server.Http;
using Microsoft.AspNetCore.Http;

namespace Llm42.Server.OpenAi;

/// <summary>POST /v1/completions.</summary>
internal sealed class CompletionsEndpoint(ServedModel model)
{
    private const int DefaultMaxTokens = 16;
    private const int MaxLogprobs = 20;
    private const int MaxAnswers = 128;

    private readonly TokenTexts _texts = new(model.Engine.Tokenizer);

    /// <summary>Serves a request.</summary>
    public async Task ServeAsync(HttpContext context)
    {
        using var body = await RequestBody.ReadAsync(context, model.Options.MaxBodyBytes).ConfigureAwait(false);
        var request = Read(new RequestFields(body.RootElement), DeterminismHeader.Read(context));
        using var deadline = new Deadline(context, model);
        await deadline.RunAsync(cancellation => request.Stream is { } stream
            ? StreamAsync(context, request, stream, cancellation)
            : AnswerAsync(context, request, cancellation)).ConfigureAwait(false);
    }

    private Request Read(RequestFields fields, bool? isDeterministicHeader)
    {
        ModelsEndpoint.Require(model, fields.Text("model") ?? throw fields.Missing("model"));
        var logprobs = fields.Integer("logprobs", 0, MaxLogprobs);
        var options = SamplingFields.Read(fields, model.Options, isDeterministicHeader) with
        {
            MaxTokens = fields.Integer("max_tokens", 0, int.MaxValue) ?? DefaultMaxTokens,
            TopLogprobs = logprobs ?? 0,
            OutputFormat = ResponseFormatField.Read(fields),
        };
        if (fields.Integer("best_of", 1, GenerationOptions.MaxN) is { } best && best != options.N)
            throw fields.Unsupported("best_of", "only the value of n is offered.");
        if (fields.Text("suffix") is { Length: > 0 })
            throw fields.Unsupported("suffix", "text is only generated at the end.");
        var prompts = PromptField.Read(fields, "prompt", model.Engine.Tokenizer);
        if (prompts.Count * options.N > MaxAnswers)
            throw ApiException.Invalid($"{prompts.Count} prompts with n = {options.N} are {prompts.Count * options.N} answers; at most {MaxAnswers} are given.", "n");
        var request = new Request(
            prompts, options, logprobs, fields.Boolean("echo") ?? false, StreamOptions.Read(fields), $"cmpl-{Guid.NewGuid():N}");
        OtherFields.Read(fields);
        fields.RefuseOthers();
        return request;
    }

    private async Task AnswerAsync(HttpContext context, Request request, CancellationToken cancellation)
    {
        var answers = await CollectedAnswer.CollectAsync(
            AnswerBatch.RunAsync(context, model.Engine, request.Prompts, request.Options, isStreamed: false, cancellation), request.Count).ConfigureAwait(false);
        var scores = await ScoreAsync(request, cancellation).ConfigureAwait(false);
        var choices = new CompletionChoice[answers.Length];
        for (var i = 0; i < choices.Length; i++)
        {
            var answer = answers[i];
            var prompt = i / request.Options.N;
            choices[i] = new CompletionChoice(
                i,
                EchoOf(request, prompt) + answer.Text,
                LogprobsOf(request, TokensOf(scores?[prompt]).Concat(TokensOf(answer.Tokens)), OffsetsOf(request)),
                FinishReasons.Of(answer.Last.FinishReason!.Value));
        }
        GenerationChunk[] lasts = [.. answers.Select(answer => answer.Last)];
        var response = Envelope(request, choices) with
        {
            Usage = Usage.Of(lasts, request.Options.N),
            Llm42 = Guarantee.Of(model, request.Options, lasts),
        };
        await context.Response.WriteAsJsonAsync(
            response, ServerJson.Default.CompletionResponse, cancellationToken: cancellation).ConfigureAwait(false);
    }

    private async Task StreamAsync(HttpContext context, Request request, StreamOptions stream, CancellationToken cancellation)
    {
        var events = new EventStream(context);
        var envelope = Envelope(request, []);
        var frame = EventFrame.Of(envelope, ServerJson.Default.CompletionResponse);
        var lasts = new GenerationChunk[request.Count];
        TextOffsets[] offsets = [.. lasts.Select(_ => OffsetsOf(request))];
        var isEchoed = new bool[request.Count];
        var open = request.Count;
        var scores = await ScoreAsync(request, cancellation).ConfigureAwait(false);
        var chunks = AnswerBatch.RunAsync(context, model.Engine, request.Prompts, request.Options, isStreamed: true, cancellation);
        await foreach (var chunk in chunks.ConfigureAwait(false))
        {
            if (request.IsEcho && !isEchoed[chunk.Index])
            {
                isEchoed[chunk.Index] = true;
                var prompt = chunk.Index / request.Options.N;
                var logprobsOfPrompt = LogprobsOf(request, TokensOf(scores?[prompt]), offsets[chunk.Index]);
                await events.WriteAsync(
                    new CompletionChoice(chunk.Index, EchoOf(request, prompt), logprobsOfPrompt, null),
                    ServerJson.Default.CompletionChoice,
                    frame).ConfigureAwait(false);
            }
            var reason = chunk.FinishReason is { } r ? FinishReasons.Of(r) : null;
            if (reason is not null)
                lasts[chunk.Index] = chunk;
            var logprobs = chunk.Tokens.Count == 0 ? null : LogprobsOf(request, TokensOf(chunk.Tokens), offsets[chunk.Index]);
            if (chunk.Text.Length == 0 && reason is null && logprobs is null)
                continue;

            // The last event of all tells what was guaranteed.
            var choice = new CompletionChoice(chunk.Index, chunk.Text, logprobs, reason);
            await (reason is not null && --open == 0 && !stream.IncludeUsage
                ? events.WriteAsync(
                    envelope with { Choices = [choice], Llm42 = Guarantee.Of(model, request.Options, lasts) }, ServerJson.Default.CompletionResponse)
                : events.WriteAsync(choice, ServerJson.Default.CompletionChoice, frame)).ConfigureAwait(false);
        }
        if (stream.IncludeUsage)
            await events.WriteAsync(
                envelope with { Usage = Usage.Of(lasts, request.Options.N), Llm42 = Guarantee.Of(model, request.Options, lasts) },
                ServerJson.Default.CompletionResponse).ConfigureAwait(false);
        await events.EndAsync().ConfigureAwait(false);
    }

    /// <summary>The log-probabilities of the prompts, if they are to be told.</summary>
    private async Task<ScoreResult[]?> ScoreAsync(Request request, CancellationToken cancellation) =>
        request is { IsEcho: true, Logprobs: { } top }
            ? await Task.WhenAll(request.Prompts.Select(prompt => model.Engine.ScoreAsync(prompt, top, cancellation))).ConfigureAwait(false)
            : null;

    private string EchoOf(Request request, int prompt) =>
        request.IsEcho ? model.Engine.Tokenizer?.Decode(request.Prompts[prompt], request.Options.SkipSpecialTokens) ?? "" : "";

    private TextOffsets OffsetsOf(Request request) => new(model.Engine.Tokenizer, request.Options.SkipSpecialTokens);

    private CompletionLogprobs? LogprobsOf(
        Request request, IEnumerable<(int Id, float? Logprob, IReadOnlyList<TokenLogprob>? Top)> tokens, TextOffsets offsets) =>
        request.Logprobs is null ? null : _texts.Completion([.. tokens], offsets);

    private static IEnumerable<(int Id, float? Logprob, IReadOnlyList<TokenLogprob>? Top)> TokensOf(IEnumerable<TokenEvent> answer) =>
        answer.Select(token => (token.TokenId, (float?)token.Logprob, token.Top));

    // What is likely in a token's place stands at the position before it.
    private static IEnumerable<(int Id, float? Logprob, IReadOnlyList<TokenLogprob>? Top)> TokensOf(ScoreResult? prompt) =>
        prompt is null ? [] : prompt.Positions.Select((position, i) => (position.TokenId, position.Logprob, i == 0 ? null : prompt.Positions[i - 1].Top));

    private CompletionResponse Envelope(Request request, IReadOnlyList<CompletionChoice> choices) => new()
    {
        Id = request.Id,
        Created = model.Clock.GetUtcNow().ToUnixTimeSeconds(),
        Model = model.Name,
        SystemFingerprint = model.SystemFingerprint,
        Choices = choices,
    };

    private sealed record Request(
        IReadOnlyList<int[]> Prompts, GenerationOptions Options, int? Logprobs, bool IsEcho, StreamOptions? Stream, string Id)
    {
        public int Count => Prompts.Count * Options.N;
    }
}
