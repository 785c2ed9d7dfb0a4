using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Llm42.Server.Http;
using Llm42.Server.Operation;
using Microsoft.AspNetCore.Http;

namespace Llm42.Server.Answers;

/// <summary>Answers to several prompts at once, as one stream.</summary>
internal static class AnswerBatch
{
    /// <summary>The pieces as they come; <see cref="GenerationChunk.Index"/> is the prompt's number times N plus the answer's.</summary>
    /// <param name="context">The request; its measure sees the pieces.</param>
    /// <param name="engine">Answers.</param>
    /// <param name="prompts">What to answer.</param>
    /// <param name="options">How to.</param>
    /// <param name="isStreamed">The client is told each piece as it comes; otherwise all that follows an answer's first piece is one.</param>
    /// <param name="cancellation">Ends the answers.</param>
    /// <exception cref="ApiException">A prompt is too long.</exception>
    public static IAsyncEnumerable<GenerationChunk> RunAsync(
        HttpContext context, InferenceEngine engine, IReadOnlyList<int[]> prompts, GenerationOptions options, bool isStreamed, CancellationToken cancellation)
    {
        CheckLengths(engine, prompts, options);
        if (engine.Tokenizer is null && (options.OutputFormat is not null || options.Stop is { Count: > 0 }))
            throw ApiException.Invalid(
                "The model has no tokenizer, so its answers have no text to stop at or to give a form to. Leave stop and response_format out.");
        var chunks = prompts.Count == 1
            ? engine.GenerateAsync(prompts[0], options, isWhole: !isStreamed, cancellation)
            : MergeAsync(engine, prompts, options, isStreamed, cancellation);
        return RequestMeasure.Of(context) is { } measure ? measure.WatchAsync(chunks, options, cancellation) : chunks;
    }

    private static void CheckLengths(InferenceEngine engine, IReadOnlyList<int[]> prompts, GenerationOptions options)
    {
        var most = engine.Model.MaxContext - (options.MaxTokens is 0 ? 0 : 1);
        foreach (var prompt in prompts)
        {
            if (prompt.Length > most)
                throw ApiException.Invalid(
                    $"This model's maximum context length is {engine.Model.MaxContext} tokens, the answer's among them. "
                    + $"The prompt has {prompt.Length} tokens; shorten it.",
                    code: "context_length_exceeded");
        }
    }

    private static async IAsyncEnumerable<GenerationChunk> MergeAsync(
        InferenceEngine engine,
        IReadOnlyList<int[]> prompts,
        GenerationOptions options,
        bool isStreamed,
        [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var abandon = CancellationTokenSource.CreateLinkedTokenSource(cancellation);

        // As much as the answers hold at most, since each is bounded itself.
        var chunks = Channel.CreateUnbounded<GenerationChunk>(new UnboundedChannelOptions { SingleReader = true });
        var running = prompts.Count;
        var pumps = prompts.Select((_, i) => PumpAsync(i)).ToArray();
        try
        {
            await foreach (var chunk in chunks.Reader.ReadAllAsync(cancellation).ConfigureAwait(false))
                yield return chunk;
        }
        finally
        {
            await abandon.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(pumps).ConfigureAwait(false);
        }

        async Task PumpAsync(int prompt)
        {
            try
            {
                await foreach (var chunk in engine.GenerateAsync(prompts[prompt], options, isWhole: !isStreamed, abandon.Token).ConfigureAwait(false))
                    chunks.Writer.TryWrite(chunk with { Index = (prompt * options.N) + chunk.Index });
                if (Interlocked.Decrement(ref running) == 0)
                    chunks.Writer.TryComplete();
            }
#pragma warning disable CA1031 // Whatever goes wrong belongs to the reader of the pieces.
            catch (Exception error)
            {
                chunks.Writer.TryComplete(error);
            }
#pragma warning restore CA1031
        }
    }
}
