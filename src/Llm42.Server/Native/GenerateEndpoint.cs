using Llm42.Core.Requests;
using Llm42.Server.Answers;
using Llm42.Server.Fields;
using Llm42.Server.Http;
using Llm42.Server.OpenAi;
using Microsoft.AspNetCore.Http;

namespace Llm42.Server.Native;

/// <summary>POST /generate: the fields of the published system.</summary>
internal sealed class GenerateEndpoint(ServedModel model)
{
    private const int DefaultMaxTokens = 128;

    private readonly TokenTexts _texts = new(model.Engine.Tokenizer);

    /// <summary>Serves a request.</summary>
    public async Task ServeAsync(HttpContext context)
    {
        using var body = await RequestBody.ReadAsync(context, model.Options.MaxBodyBytes).ConfigureAwait(false);
        var fields = new RequestFields(body.RootElement);
        var isText = fields.Find("text") is not null;
        if (isText == fields.Find("input_ids") is not null)
            throw ApiException.Invalid("Give either text or input_ids.", "text");
        var name = isText ? "text" : "input_ids";
        var isBatch = fields.Find(name) is { ValueKind: System.Text.Json.JsonValueKind.Array } array
            && (isText || array.EnumerateArray().FirstOrDefault().ValueKind == System.Text.Json.JsonValueKind.Array);
        var prompts = PromptField.Read(fields, name, model.Engine.Tokenizer);
        var sampling = fields.Object("sampling_params");
        var isDeterministic = fields.Boolean("is_deterministic") ?? DeterminismHeader.Read(context);
        var options = ReadSampling(sampling, isDeterministic);
        var logprobs = LogprobsOf(fields.Boolean("return_logprob") ?? false, fields.Boolean("return_text_in_logprobs") ?? false);
        var isStreamed = fields.Boolean("stream") ?? false;
        var id = fields.Text("rid") ?? Guid.NewGuid().ToString("N");
        fields.RefuseOthers();
        if (isStreamed && (prompts.Count > 1 || options.N > 1))
            throw fields.Unsupported("stream", "only with one prompt and n = 1.");

        using var deadline = new Deadline(context, model);
        await deadline.RunAsync(async cancellation =>
        {
            var chunks = AnswerBatch.RunAsync(context, model.Engine, prompts, options, isStreamed, cancellation);
            if (isStreamed)
            {
                await StreamAsync(context, chunks, id, options, logprobs, prompts[0].Length).ConfigureAwait(false);
                return;
            }
            var answers = await CollectedAnswer.CollectAsync(chunks, prompts.Count * options.N).ConfigureAwait(false);
            GenerateResponse[] responses = [.. answers.Select((answer, i) => ResponseOf(
                answer, answers.Length == 1 ? id : $"{id}-{i}", options, logprobs, prompts[i / options.N].Length))];
            await (isBatch || options.N > 1
                ? context.Response.WriteAsJsonAsync(responses, ServerJson.Default.GenerateResponseArray, cancellationToken: cancellation)
                : context.Response.WriteAsJsonAsync(responses[0], ServerJson.Default.GenerateResponse, cancellationToken: cancellation))
                .ConfigureAwait(false);
        }).ConfigureAwait(false);
    }

    private GenerationOptions ReadSampling(RequestFields? fields, bool? isDeterministic)
    {
        fields ??= new RequestFields(System.Text.Json.JsonDocument.Parse("{}").RootElement);
        var options = SamplingFields.Read(fields, model.Options, isDeterministic) with
        {
            MaxTokens = fields.Integer("max_new_tokens", 0, int.MaxValue) ?? DefaultMaxTokens,
        };
        if (fields.Seed("sampling_seed") is { } seed)
            options = options with { Seed = seed };
        fields.Ignore("spaces_between_special_tokens");
        fields.RefuseOthers();
        return options;
    }

    /// <summary>Makes the log-probabilities of a response; null for a response without.</summary>
    private Func<TokenEvent, GeneratedLogprob>? LogprobsOf(bool returnsLogprobs, bool returnsTexts) => (returnsLogprobs, returnsTexts) switch
    {
        (false, _) => null,
        (true, false) => token => new GeneratedLogprob(token.Logprob, token.TokenId, null),
        (true, true) => token => new GeneratedLogprob(token.Logprob, token.TokenId, _texts.Text(token.TokenId)),
    };

    private async Task StreamAsync(
        HttpContext context, IAsyncEnumerable<GenerationChunk> chunks, string id, GenerationOptions options, Func<TokenEvent, GeneratedLogprob>? logprobs, int promptTokens)
    {
        var events = new EventStream(context);
        var answer = new CollectedAnswer();
        await foreach (var chunk in chunks.ConfigureAwait(false))
        {
            answer.Add(chunk);
            await events.WriteAsync(
                ResponseOf(answer, id, options, logprobs, promptTokens), ServerJson.Default.GenerateResponse).ConfigureAwait(false);
        }
        await events.EndAsync().ConfigureAwait(false);
    }

    private GenerateResponse ResponseOf(
        CollectedAnswer answer, string id, GenerationOptions options, Func<TokenEvent, GeneratedLogprob>? logprobs, int promptTokens)
    {
        var statistics = answer.Last.Statistics;
        return new GenerateResponse(
            answer.Text,
            [.. answer.Tokens.Select(token => token.TokenId)],
            new MetaInfo
            {
                Id = id,
                PromptTokens = promptTokens,
                CompletionTokens = answer.Tokens.Count,
                CachedTokens = answer.Last.Usage?.CachedTokens ?? 0,
                FinishReason = answer.Last.FinishReason is { } reason ? new FinishInfo(FinishReasons.Of(reason)) : null,
                IsDeterministic = options.IsDeterministic,
                SystemFingerprint = model.SystemFingerprint,
                Rollbacks = statistics?.Rollbacks ?? 0,
                TokensRolledBack = statistics?.TokensRolledBack ?? 0,
                VerificationWindows = statistics?.VerificationWindows ?? 0,
                OutputTokenLogprobs = logprobs is null ? null : [.. answer.Tokens.Select(logprobs)],
            });
    }
}
