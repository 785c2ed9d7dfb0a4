using System.Threading.Channels;
using Llm42.Core.Requests;

namespace Llm42.Core.Engine;

/// <summary>A submitted request as its caller sees it.</summary>
public sealed class RequestHandle
{
    private readonly Channel<TokenEvent> _tokens;
    private readonly TaskCompletionSource<RequestCompletion> _completion =
        new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Action _wake;
    private volatile bool _cancelRequested;

    internal RequestHandle(int tokenLimit, Action wake)
    {
        // Room for every token that the request may get: the engine thread never waits for a slow reader.
        _tokens = Channel.CreateBounded<TokenEvent>(
            new BoundedChannelOptions(Math.Max(1, tokenLimit)) { SingleWriter = true });
        _wake = wake;
    }

    /// <summary>The committed tokens, as they come. Completes before <see cref="Completion"/> does.</summary>
    public ChannelReader<TokenEvent> Tokens => _tokens.Reader;

    /// <summary>How the request ended; faulted if the engine failed.</summary>
    public Task<RequestCompletion> Completion => _completion.Task;

    internal bool IsCancelRequested => _cancelRequested;

    /// <summary>Ends the request at the next step, with what it has got by then. May be called at any time.</summary>
    public void Cancel()
    {
        _cancelRequested = true;
        _wake();
    }

    internal void Publish(TokenEvent token)
    {
        if (!_tokens.Writer.TryWrite(token))
            throw new InvalidOperationException($"Token {token.Index} exceeds the limit of its request.");
    }

    internal void Complete(RequestCompletion completion)
    {
        _tokens.Writer.TryComplete();
        _completion.TrySetResult(completion);
    }

    internal void Fail(Exception error)
    {
        _tokens.Writer.TryComplete(error);
        _completion.TrySetException(error);
        _ = _completion.Task.Exception; // A caller who reads only the tokens has seen the error there.
    }
}
