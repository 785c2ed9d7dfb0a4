using System.Runtime.CompilerServices;
using System.Text;
using Llm42.ChatTemplates;
using Llm42.Core.Engine;
using Llm42.Core.Observability;
using Llm42.Core.Profiling;
using Llm42.Core.Requests;
using Llm42.Generation;
using Llm42.Receipts;
using Llm42.Tokenization;

namespace Llm42;

/// <summary>
/// A language model that answers prompts, many at a time. All members may be used from any thread.
/// <para>
/// Disposing cancels what runs: answers end with <see cref="FinishReason.Cancelled"/> behind the tokens that they have,
/// scores and replays with an <see cref="OperationCanceledException"/>. Requests made later get an
/// <see cref="ObjectDisposedException"/>.
/// </para>
/// </summary>
public sealed class InferenceEngine : IAsyncDisposable, IDisposable
{
    private readonly EngineLoop _loop;
    private readonly RequestBuilder _requests;
    private readonly Func<EngineDescription> _describeEngine;
    private readonly Func<ChatTemplate?> _chatTemplate;
    private readonly EngineOptions _options;

    internal InferenceEngine(LoadedModel model, EngineOptions options, string? name = null)
    {
        _requests = model.Requests;
        _describeEngine = model.DescribeEngine;
        _chatTemplate = model.ChatTemplate;
        _options = options;
        Tokenizer = model.Tokenizer;
        Model = model.Description;
        _loop = new EngineLoop(model.Executor, options, name, clock: null, model.Profiler);
    }

    /// <summary>The model.</summary>
    public ModelDescription Model { get; }

    /// <summary>What it runs on, as of now.</summary>
    public EngineDescription Engine => _describeEngine();

    internal EngineLoop Loop => _loop;

    /// <summary>What its metrics and traces bear as llm42.engine.</summary>
    public string Name => _loop.Name;

    /// <summary>The model's tokenizer; null if its directory has none, and then prompts must be token ids.</summary>
    public ITokenizer? Tokenizer { get; }

    /// <summary>What makes a prompt of a chat; null if the model has no chat template. Its prompts hold their special tokens.</summary>
    /// <exception cref="InvalidOperationException">The model has one, but it is malformed or not supported.</exception>
    public ChatTemplate? ChatTemplate => _chatTemplate();

    /// <summary>It takes requests: it was neither disposed nor ended by an error of its own.</summary>
    public bool IsRunning => _loop.IsRunning;

    /// <summary>
    /// Deterministic answers come again bit for bit. False where a setting for studies gives that up: the fixed-shape
    /// verifier, or <see cref="EngineOptions.SkipMismatch"/> = 0.
    /// </summary>
    public bool GuaranteesDeterminism =>
        _options.Verifier == VerifierKind.Invariant && _options.SkipMismatch != 0 && _options.ForcedAcceptance is null;

    /// <summary>Totals since the engine started or <see cref="ResetStatistics"/> was called last.</summary>
    public EngineStatistics Statistics => _loop.Statistics;

    /// <summary>Where the time of the steps went since then; null unless <see cref="InferenceEngineOptions.Profile"/> was set.</summary>
    public StepProfile? Profile => _loop.Profile;

    /// <summary>
    /// Makes <see cref="Statistics"/> and <see cref="Profile"/> count from zero. The counters of the meter "Llm42" go on.
    /// </summary>
    public void ResetStatistics() => _loop.ResetStatistics();

    /// <summary>Loads a model: a directory as Hugging Face lays it out, or a GGUF file.</summary>
    /// <param name="modelPath">
    /// A directory that holds config.json, weights in safetensors files, and usually tokenizer.json; or a GGUF file, the
    /// first of several if the model is split; or a directory with a single GGUF model and no safetensors.
    /// </param>
    /// <param name="options">Device, sizes and policy.</param>
    /// <param name="progress">Told about the weights as they are loaded.</param>
    /// <param name="cancellationToken">Ends the loading.</param>
    /// <exception cref="ModelFormatException">A file is missing, malformed or not supported.</exception>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    /// <exception cref="Native.NativeException">The device cannot be had, or its memory does not suffice.</exception>
    /// <exception cref="DllNotFoundException">The native library is missing, or of another version; the message says where it was looked for.</exception>
    /// <exception cref="OperationCanceledException">The loading was cancelled.</exception>
    public static async Task<InferenceEngine> LoadAsync(
        string modelPath,
        InferenceEngineOptions? options = null,
        IProgress<LoadProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(modelPath);
        options ??= new InferenceEngineOptions();
        var model = await Task.Run(
            () => EngineLoader.Load(modelPath, options, progress, cancellationToken), cancellationToken).ConfigureAwait(false);
        return new InferenceEngine(model, options.Engine, options.Name);
    }

    /// <summary>
    /// Answers a text, piece by piece. The request starts with the enumeration and is cancelled when that ends early.
    /// With <see cref="GenerationOptions.N"/> above 1 the pieces of all answers come interleaved:
    /// <see cref="GenerationChunk.Index"/> says whose each is. They start, fail and are cancelled together.
    /// </summary>
    /// <param name="prompt">The text to continue.</param>
    /// <param name="options">How to answer.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <exception cref="ArgumentException">A value is out of range, or the prompt does not fit.</exception>
    /// <exception cref="NotSupportedException">An option cannot be honoured; the message names it.</exception>
    /// <exception cref="InvalidOperationException">The model has no tokenizer for a text, or the engine was ended by an error of its own.</exception>
    /// <exception cref="EngineQueueFullException">Too many requests are waiting.</exception>
    /// <exception cref="ObjectDisposedException">The engine was disposed before the request began.</exception>
    /// <exception cref="OperationCanceledException">The request was cancelled by its caller.</exception>
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
        IReadOnlyList<int> promptIds, GenerationOptions? options = null, CancellationToken cancellationToken = default) =>
        GenerateAsync(promptIds, options, isWhole: false, cancellationToken);

    /// <inheritdoc cref="GenerateAsync(IReadOnlyList{int}, GenerationOptions?, CancellationToken)"/>
    /// <param name="promptIds">The tokens to continue.</param>
    /// <param name="options">How to answer.</param>
    /// <param name="isWhole">
    /// For who waits for all of an answer: its first piece comes as it is there, the others as one, which costs less.
    /// </param>
    /// <param name="cancellationToken">Cancels the request.</param>
    internal IAsyncEnumerable<GenerationChunk> GenerateAsync(
        IReadOnlyList<int> promptIds, GenerationOptions? options, bool isWhole, CancellationToken cancellationToken)
    {
        options ??= new GenerationOptions();
        return StreamAsync(
            _requests.Build(promptIds, options), [.. _requests.StopsOf(options)], options.SkipSpecialTokens, isWhole, cancellationToken);
    }

    /// <summary>
    /// Answers a text and waits for the whole answer. Refuses <see cref="GenerationOptions.N"/> above 1; see
    /// <see cref="CompleteAllAsync(string, GenerationOptions?, CancellationToken)"/>.
    /// </summary>
    /// <inheritdoc cref="GenerateAsync(string, GenerationOptions?, CancellationToken)"/>
    public async Task<GenerationResult> CompleteAsync(
        string prompt, GenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        RequireOneAnswer(options);
        return (await CompleteAllAsync(prompt, options, cancellationToken).ConfigureAwait(false))[0];
    }

    /// <inheritdoc cref="CompleteAsync(string, GenerationOptions?, CancellationToken)"/>
    /// <param name="promptIds">The tokens to continue.</param>
    /// <param name="options">How to answer.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public async Task<GenerationResult> CompleteAsync(
        IReadOnlyList<int> promptIds, GenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        RequireOneAnswer(options);
        return (await CompleteAllAsync(promptIds, options, cancellationToken).ConfigureAwait(false))[0];
    }

    /// <summary>
    /// Gives <see cref="GenerationOptions.N"/> answers to a text and waits for all of them. Answer i is the one that
    /// N = 1 with Seed + i gives.
    /// </summary>
    /// <inheritdoc cref="GenerateAsync(string, GenerationOptions?, CancellationToken)"/>
    public Task<IReadOnlyList<GenerationResult>> CompleteAllAsync(
        string prompt, GenerationOptions? options = null, CancellationToken cancellationToken = default) =>
        CompleteAllAsync(_requests.Encode(prompt, (options ?? new()).AddSpecialTokens), options, cancellationToken);

    /// <inheritdoc cref="CompleteAllAsync(string, GenerationOptions?, CancellationToken)"/>
    /// <param name="promptIds">The tokens to continue.</param>
    /// <param name="options">How to answer.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public Task<IReadOnlyList<GenerationResult>> CompleteAllAsync(
        IReadOnlyList<int> promptIds, GenerationOptions? options = null, CancellationToken cancellationToken = default) =>
        CollectAsync(GenerateAsync(promptIds, options, isWhole: true, cancellationToken), options);

    /// <summary>Scores a text: the log-probability of each token behind those before it, under invariant numerics.</summary>
    /// <param name="promptIds">The tokens.</param>
    /// <param name="top">How many of the most likely tokens to report behind each position, 0..1024.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <exception cref="ArgumentException">A value is out of range, or the tokens do not fit.</exception>
    /// <exception cref="EngineQueueFullException">Too many requests are waiting.</exception>
    /// <exception cref="ObjectDisposedException">The engine was disposed before.</exception>
    /// <exception cref="OperationCanceledException">The request was cancelled, or the engine disposed while it ran.</exception>
    public async Task<ScoreResult> ScoreAsync(
        IReadOnlyList<int> promptIds, int top = 0, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(promptIds);
        int[] ids = [.. promptIds];
        // An ordinary request: prompts run under invariant numerics whatever is asked for.
        var handle = _loop.Submit(
            new GenerationRequest
            {
                PromptIds = ids,
                MaxTokens = 0,
                ScorePrompt = true,
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
        if (options.N > 1)
            throw new ReceiptRefusedException(
                $"N is {options.N}, and a receipt is of one answer: answer i is what N = 1 and Seed + i give, so give these options.");
        if (!options.SkipSpecialTokens && _requests.StopsOf(options).Count > 0)
            throw new ReceiptRefusedException(
                "SkipSpecialTokens is false, and a replay looks for stop strings in the text without special tokens; leave Stop empty.");
        if (result.FinishReason == FinishReason.Cancelled)
            throw new ReceiptRefusedException("The answer was cancelled: where it ends is nothing that could come again.");
        var request = ReceiptRequest.Of(_requests.Build(promptIds, options)[0], _requests.StopsOf(options), options.OutputFormat, Model.MaxContext);
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

    /// <summary>Cancels every request and frees the model, once the step that runs has ended. May be called again.</summary>
    public ValueTask DisposeAsync() => _loop.DisposeAsync();

    /// <summary>As <see cref="DisposeAsync"/>, and waits for it.</summary>
    public void Dispose() => _loop.DisposeAsync().AsTask().GetAwaiter().GetResult();

    private static void RequireOneAnswer(GenerationOptions? options)
    {
        if (options is { N: > 1 })
            throw new ArgumentException(
                $"n is {options.N}; {nameof(CompleteAsync)} gives one answer. Use {nameof(CompleteAllAsync)} or {nameof(GenerateAsync)}.");
    }

    private static async Task<IReadOnlyList<GenerationResult>> CollectAsync(
        IAsyncEnumerable<GenerationChunk> chunks, GenerationOptions? options)
    {
        var results = new GenerationResult[options?.N ?? 1];
        var texts = results.Select(_ => new StringBuilder()).ToArray();
        var tokens = results.Select(_ => new List<TokenEvent>()).ToArray();
        await foreach (var chunk in chunks.ConfigureAwait(false))
        {
            var i = chunk.Index;
            texts[i].Append(chunk.Text);
            tokens[i].AddRange(chunk.Tokens);
            if (chunk.FinishReason is { } reason)
                results[i] = new GenerationResult(texts[i].ToString(), tokens[i], reason, chunk.Usage!, chunk.Statistics!)
                {
                    LayerTrace = chunk.LayerTrace,
                };
        }
        return results;
    }

    private async IAsyncEnumerable<GenerationChunk> StreamAsync(
        IReadOnlyList<GenerationRequest> requests,
        IReadOnlyList<string> stops,
        bool skipSpecialTokens,
        bool isWhole,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var answers = new List<AnswerStream>();
        try
        {
            foreach (var request in requests)
            {
                var text = new AnswerText(Tokenizer, stops, request.StopTokenIds, skipSpecialTokens);
                answers.Add(new AnswerStream(_loop.Submit(request, cancellationToken), text, answers.Count, isWhole));
            }
            var chunks = answers.Count == 1
                ? answers[0].ReadAsync(cancellationToken)
                : AnswerStream.MergeAsync(answers, cancellationToken);
            await foreach (var chunk in chunks.ConfigureAwait(false))
                yield return chunk;
        }
        finally
        {
            // Where one could not be submitted, the ones before it go too.
            foreach (var answer in answers)
                answer.Cancel();
        }
    }
}
