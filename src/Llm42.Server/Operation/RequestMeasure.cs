using System.Diagnostics;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;

namespace Llm42.Server.Operation;

/// <summary>What the log tells of a request: counts and times, and nothing of what it says.</summary>
internal sealed class RequestMeasure
{
    private readonly long _start = Stopwatch.GetTimestamp();
    private long _firstToken;

    public bool IsDeterministic { get; private set; }

    public int PromptTokens { get; private set; }

    public int CachedTokens { get; private set; }

    public int CompletionTokens { get; private set; }

    public int Rollbacks { get; private set; }

    public int TokensRolledBack { get; private set; }

    /// <summary>Since the request's headers were read.</summary>
    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(_start);

    /// <summary>Until the first token of an answer was there; null where none was.</summary>
    public TimeSpan? TimeToFirstToken => _firstToken == 0 ? null : Stopwatch.GetElapsedTime(_start, _firstToken);

    /// <summary>The measure of a request; null outside of the server's pipeline.</summary>
    public static RequestMeasure? Of(HttpContext context) => context.Features.Get<RequestMeasure>();

    /// <summary>Looks at pieces of answers as they pass.</summary>
    public async IAsyncEnumerable<GenerationChunk> WatchAsync(
        IAsyncEnumerable<GenerationChunk> chunks, GenerationOptions options, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        IsDeterministic = options.IsDeterministic;
        await foreach (var chunk in chunks.WithCancellation(cancellation).ConfigureAwait(false))
        {
            if (_firstToken == 0 && chunk.Tokens.Count > 0)
                _firstToken = Stopwatch.GetTimestamp();

            // Counted as they come, since an answer that is broken off has no last piece.
            CompletionTokens += chunk.Tokens.Count;
            if (chunk.FinishReason is not null)
                AddLast(chunk, options.N);
            yield return chunk;
        }
    }

    private void AddLast(GenerationChunk last, int answersPerPrompt)
    {
        if (last.Index % answersPerPrompt == 0)
        {
            PromptTokens += last.Usage!.PromptTokens;
            CachedTokens += last.Usage.CachedTokens;
        }
        Rollbacks += last.Statistics!.Rollbacks;
        TokensRolledBack += last.Statistics.TokensRolledBack;
    }
}
