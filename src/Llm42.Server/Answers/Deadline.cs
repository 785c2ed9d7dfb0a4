using Microsoft.AspNetCore.Http;

namespace Llm42.Server.Answers;

/// <summary>How long a request may go on: until its client leaves, or the server's limit is reached.</summary>
internal sealed class Deadline : IDisposable
{
    private readonly CancellationTokenSource _limit;
    private readonly CancellationTokenSource _both;
    private readonly TimeSpan _timeout;

    public Deadline(HttpContext context, ServedModel model)
    {
        _timeout = model.Options.RequestTimeout;
        _limit = _timeout > TimeSpan.Zero ? new CancellationTokenSource(_timeout, model.Clock) : new CancellationTokenSource();
        _both = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _limit.Token);
    }

    public CancellationToken Token => _both.Token;

    /// <summary>Runs what the request asks for; names the limit where that ended it.</summary>
    /// <exception cref="TimeoutException">The limit ended it.</exception>
    public async Task RunAsync(Func<CancellationToken, Task> work)
    {
        try
        {
            await work(Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException error) when (_limit.IsCancellationRequested)
        {
            throw new TimeoutException($"The request took longer than the {_timeout.TotalSeconds:0.###} s that this server gives each.", error);
        }
    }

    public void Dispose()
    {
        _both.Dispose();
        _limit.Dispose();
    }
}
