using System.Runtime.CompilerServices;
using System.Text;
using Llm42.Core.Engine;
using Llm42.Core.Requests;
using Llm42.Generation;
using Llm42.Receipts;
using Llm42.Tokenization;

namespace Llm42;

/// <summary>
/// A language model that answers prompts, many at a time. All members may be used from any thread.
/// </summary>
public sealed class LlmEngine : IAsyncDisposable
{
    private readonly EngineLoop _loop;
    private readonly RequestBuilder _requests;
    private readonly Func<EngineDescription> _describeEngine;
    private readonly EngineOptions _options;

    internal LlmEngine(LoadedModel model, EngineOptions options)
    {
        _requests = model.Requests;
        _describeEngine = model.DescribeEngine;
        _options = options;
        Tokenizer = model.Tokenizer;
        Model = model.Description;
        _loop = new EngineLoop(model.Executor, options);
    }

    /// <summary>The model.</summary>
    public ModelDescription Model { get; }

    /// <summary>What it runs on, as of now.</summary>
    public EngineDescription Engine => _describeEngine();

    internal EngineLoop Loop => _loop;

    /// <summary>The model's tokenizer; null if its directory has none, and then prompts must be token ids.</summary>
    public ITokenizer? Tokenizer { get; }

    /// <summary>Loads a model directory as Hugging Face lays it out.</summary>
    /// <param name="modelDirectory">Holds config.json, weights in safetensors files, and usually tokenizer.json.</param>
    /// <param name="options">Device, sizes and policy.</param>
    /// <param name="progress">Told about the weights as they are loaded.</param>
    /// <param name="cancellationToken">Ends the loading.</param>
    /// <exception cref="ModelFormatException">A file is missing, malformed or not supported.</exception>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    /// <exception cref="Native.NativeException">The device cannot be had, or its memory does not suffice.</exception>
    public static async Task<LlmEngine> LoadAsync(
        string modelDirectory,
        LlmEngineOptions? options = null,
        IProgress<LoadProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(modelDirectory);
        options ??= new LlmEngineOptions();
        var model = await Task.Run(
            () => EngineLoader.Load(modelDirectory, options, progress, cancellationToken), cancellationToken).ConfigureAwait(false);
        return new LlmEngine(model, options.Engine);
    }

    /// <summary>
    /// Answers a text, piece by piece. The request starts with the enumeration and is cancelled when that ends early.
    /// </summary>
    /// <param name="prompt">The text to continue.</param>
    /// <param name="options">How to answer.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <exception cref="ArgumentException">A value is out of range, or the prompt does not fit.</exception>
    /// <exception cref="EngineQueueFullException">Too many requests are waiting.</exception>
    /// <exception cref="Native.NativeException">
    /// A step that the request took part in failed, for want of memory for example. Other requests are not affected,
    /// and the engine goes on.
    /// </exception>
    public IAsyncEnumerable<GenerationChunk> GenerateAsync(
        string prompt, GenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new GenerationOptions();
        return GenerateAsync(_requests.Encode(prompt, options.AddSpecialTokens), options, cancellationToken);
    }

    /// <inheritdoc cref="GenerateAsync(string, GenerationOptions?, CancellationToken)"/>
    /// <param name="promptIds">The tokens to continue.</param>
    /// <param name="options">How to answer.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public IAsyncEnumerable<GenerationChunk> GenerateAsync(
        IReadOnlyList<int> promptIds, GenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new GenerationOptions();
        return StreamAsync(_requests.Build(promptIds, options), [.. options.Stop], cancellationToken);
    }

    /// <summary>Answers a text and waits for the whole answer.</summary>
    /// <inheritdoc cref="GenerateAsync(string, GenerationOptions?, CancellationToken)"/>
    public Task<GenerationResult> CompleteAsync(
        string prompt, GenerationOptions? options = null, CancellationToken cancellationToken = default) =>
        CollectAsync(GenerateAsync(prompt, options, cancellationToken));

    /// <inheritdoc cref="CompleteAsync(string, GenerationOptions?, CancellationToken)"/>
    /// <param name="promptIds">The tokens to continue.</param>
    /// <param name="options">How to answer.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public Task<GenerationResult> CompleteAsync(
        IReadOnlyList<int> promptIds, GenerationOptions? options = null, CancellationToken cancellationToken = default) =>
        CollectAsync(GenerateAsync(promptIds, options, cancellationToken));

    /// <summary>Scores a text: the log-probability of each token behind those before it, under invariant numerics.</summary>
    /// <param name="promptIds">The tokens.</param>
    /// <param name="top">How many of the most likely tokens to report behind each position, 0..1024.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <exception cref="ArgumentException">A value is out of range, or the tokens do not fit.</exception>
    public async Task<ScoreResult> ScoreAsync(
        IReadOnlyList<int> promptIds, int top = 0, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(promptIds);
        int[] ids = [.. promptIds];
        var handle = _loop.Submit(
            new GenerationRequest
            {
                PromptIds = ids,
                MaxTokens = 0,
                ScorePrompt = true,
                IsDeterministic = true,
                TopLogprobs = top,
            },
            cancellationToken);
        var completion = await handle.Completion.ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        if (completion.Reason == FinishReason.Cancelled)
            throw new OperationCanceledException("The engine was disposed while it scored.");
        var scores = completion.PromptScores;
        return new ScoreResult([.. ids.Select((id, i) => new ScoredPosition(
            id, i == 0 ? null : scores[i - 1].Logprob, scores[i].Top ?? []))]);
    }

    /// <summary>Makes the receipt of an answer that this engine gave.</summary>
    /// <param name="promptIds">The tokens that were continued.</param>
    /// <param name="options">How they were; the same as for the answer, and deterministic.</param>
    /// <param name="result">The whole answer.</param>
    /// <param name="modelName">What the model is called; null for its directory.</param>
    /// <exception cref="ReceiptRefusedException">
    /// The answer was cancelled or is not deterministic, or this engine's settings give the guarantee up.
    /// </exception>
    /// <exception cref="ArgumentException">The answer is not one to this prompt with these options.</exception>
    public Receipt CreateReceipt(
        IReadOnlyList<int> promptIds, GenerationOptions options, GenerationResult result, string? modelName = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(result);
        ReceiptReplay.CheckEngine(_options);
        if (!options.IsDeterministic)
            throw new ReceiptRefusedException("IsDeterministic is false: an answer that need not come again gets no receipt.");
        if (result.FinishReason == FinishReason.Cancelled)
            throw new ReceiptRefusedException("The answer was cancelled: where it ends is nothing that could come again.");
        var request = ReceiptRequest.Of(_requests.Build(promptIds, options), options.Stop, Model.MaxContext);
        if (result.Usage.PromptTokens != promptIds.Count || result.Tokens.Count > request.MaxTokens)
            throw new ArgumentException(
                $"The answer has {result.Tokens.Count} tokens to a prompt of {result.Usage.PromptTokens}; "
                + $"these options allow {request.MaxTokens} to a prompt of {promptIds.Count}.",
                nameof(result));
        return ReceiptBuilder.Create(Engine, modelName ?? Model.Directory, request, result.Tokens);
    }

    /// <summary>Runs the request of a receipt again and compares, up to the first difference.</summary>
    /// <param name="receipt">The receipt.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <exception cref="ReceiptFormatException">The receipt contradicts itself.</exception>
    /// <exception cref="ReceiptRefusedException">
    /// It is of another model or numerics profile, or this engine's settings or sizes do not allow for a comparison.
    /// </exception>
    /// <exception cref="ArgumentException">A value of its request is out of range.</exception>
    public async Task<ReplayResult> ReplayAsync(Receipt receipt, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(receipt);
        ReceiptReader.Check(receipt);
        ReceiptReplay.CheckEngine(_options);
        var notes = ReceiptReplay.Compare(receipt, Engine, Model.MaxContext);
        cancellationToken.ThrowIfCancellationRequested();
        var handle = _loop.Submit(_requests.Build(receipt.Request), cancellationToken);
        var count = 0;
        try
        {
            await foreach (var token in handle.Tokens.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                if (ReceiptReplay.Compare(receipt.Output, count, token) is { } difference)
                    return new ReplayResult(difference, count, notes);
                count++;
            }
            var completion = await handle.Completion.ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            if (completion.Reason == FinishReason.Cancelled)
                throw new OperationCanceledException("The engine was disposed while it replayed.");
            return new ReplayResult(ReceiptReplay.Compare(receipt.Output, count, actual: null), count, notes);
        }
        finally
        {
            if (!handle.Completion.IsCompleted)
                handle.Cancel();
        }
    }

    /// <summary>Cancels every request and frees the model.</summary>
    public ValueTask DisposeAsync() => _loop.DisposeAsync();

    private static async Task<GenerationResult> CollectAsync(IAsyncEnumerable<GenerationChunk> chunks)
    {
        var text = new StringBuilder();
        var tokens = new List<TokenEvent>();
        GenerationChunk last = default;
        await foreach (var chunk in chunks.ConfigureAwait(false))
        {
            text.Append(chunk.Text);
            tokens.AddRange(chunk.Tokens);
            last = chunk;
        }
        return new GenerationResult(text.ToString(), tokens, last.FinishReason!.Value, last.Usage!, last.Statistics!);
    }

    private async IAsyncEnumerable<GenerationChunk> StreamAsync(
        GenerationRequest request, IReadOnlyList<string> stops, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var handle = _loop.Submit(request, cancellationToken);
        try
        {
            var answer = new AnswerText(Tokenizer, stops, request.StopTokenIds);
            while (await handle.Tokens.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
            {
                var text = new StringBuilder();
                var tokens = new List<TokenEvent>();
                while (handle.Tokens.TryRead(out var token))
                {
                    tokens.Add(token);
                    text.Append(answer.Append(token.TokenId));
                }
                yield return new GenerationChunk(text.ToString(), tokens);
            }
            var completion = await handle.Completion.ConfigureAwait(false);
            yield return new GenerationChunk(
                answer.Flush(),
                [],
                completion.Reason,
                new TokenUsage(
                    completion.PromptTokens, completion.CompletionTokens, completion.Statistics.CachedTokens),
                completion.Statistics);
        }
        finally
        {
            if (!handle.Completion.IsCompleted)
                handle.Cancel();
        }
    }
}
