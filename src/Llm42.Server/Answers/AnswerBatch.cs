using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Llm42.Server.Answers;

/// <summary>Answers to several prompts at once, as one stream.</summary>
internal static class AnswerBatch
{
    /// <summary>The pieces as they come; <see cref="GenerationChunk.Index"/> is the prompt's number times N plus the answer's.</summary>
    public static IAsyncEnumerable<GenerationChunk> RunAsync(
        InferenceEngine engine, IReadOnlyList<int[]> prompts, GenerationOptions options, CancellationToken cancellation) =>
        prompts.Count == 1 ? engine.GenerateAsync(prompts[0], options, cancellation) : MergeAsync(engine, prompts, options, cancellation);

    private static async IAsyncEnumerable<GenerationChunk> MergeAsync(
        InferenceEngine engine, IReadOnlyList<int[]> prompts, GenerationOptions options, [EnumeratorCancellation] CancellationToken cancellation)
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
                await foreach (var chunk in engine.GenerateAsync(prompts[prompt], options, abandon.Token).ConfigureAwait(false))
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
