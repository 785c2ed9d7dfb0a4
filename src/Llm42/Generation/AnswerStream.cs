using System.Runtime.CompilerServices;
using System.Text;
using System.Threading.Channels;
using Llm42.Core.Engine;
using Llm42.Core.Requests;

namespace Llm42.Generation;

/// <summary>The answer to a submitted request, as pieces of text.</summary>
internal sealed class AnswerStream
{
    private readonly RequestHandle _handle;
    private readonly AnswerText _text;
    private readonly int _index;
    private readonly bool _isWhole;

    /// <summary>The answer of a request that runs.</summary>
    /// <param name="handle">The request; its tokens are read here alone.</param>
    /// <param name="text">Makes text of them.</param>
    /// <param name="index">Number of the answer, from 0.</param>
    /// <param name="isWhole">Its reader waits for all of it: what comes behind the first piece is one piece.</param>
    public AnswerStream(RequestHandle handle, AnswerText text, int index, bool isWhole)
    {
        _handle = handle;
        _text = text;
        _index = index;
        _isWhole = isWhole;
    }

    /// <summary>The pieces of several answers as they come. The first error ends all of them.</summary>
    public static async IAsyncEnumerable<GenerationChunk> MergeAsync(
        IReadOnlyList<AnswerStream> answers, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // As much as the answers hold at most, since each is bounded itself.
        var chunks = Channel.CreateUnbounded<GenerationChunk>(new UnboundedChannelOptions { SingleReader = true });
        var running = answers.Count;
        foreach (var answer in answers)
            _ = PumpAsync(answer);
        await foreach (var chunk in chunks.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            yield return chunk;

        async Task PumpAsync(AnswerStream answer)
        {
            try
            {
                await foreach (var chunk in answer.ReadAsync(cancellationToken).ConfigureAwait(false))
                    chunks.Writer.TryWrite(chunk);
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

    /// <summary>The pieces; to be read once.</summary>
    public async IAsyncEnumerable<GenerationChunk> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (await _handle.Tokens.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            yield return Take();
            if (!_isWhole)
                continue;

            // Not woken by each token. An answer that is broken off has a piece as well: it says how far that one came.
            await ((Task)_handle.Completion).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (_handle.Tokens.TryPeek(out _))
                yield return Take();
        }
        var completion = await _handle.Completion.ConfigureAwait(false);
        yield return new GenerationChunk(
            _text.Flush(),
            [],
            completion.Reason,
            new TokenUsage(completion.PromptTokens, completion.CompletionTokens, completion.Statistics.CachedTokens),
            completion.Statistics,
            _index)
        {
            LayerTrace = completion.LayerTrace,
        };
    }

    /// <summary>Ends the request unless it has ended.</summary>
    public void Cancel()
    {
        if (!_handle.Completion.IsCompleted)
            _handle.Cancel();
    }

    /// <summary>The tokens that are there, as a piece.</summary>
    private GenerationChunk Take()
    {
        var text = new StringBuilder();
        var tokens = new List<TokenEvent>();
        while (_handle.Tokens.TryRead(out var token))
        {
            tokens.Add(token);
            text.Append(_text.Append(token.TokenId));
        }
        return new GenerationChunk(text.ToString(), tokens, Index: _index);
    }
}
