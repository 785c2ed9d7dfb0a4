using Llm42.Server.Http;
using Microsoft.AspNetCore.Http;

namespace Llm42.Server.Answers;

/// <summary>How long a request may go on: until its client leaves, the server's limit is reached, or the server stops.</summary>
internal sealed class Deadline : IDisposable
{
    private readonly CancellationTokenSource _limit;
    private readonly CancellationTokenSource _all;
    private readonly ServedModel _model;

    public Deadline(HttpContext context, ServedModel model)
    {
        _model = model;
        var timeout = model.Options.RequestTimeout;
        _limit = timeout > TimeSpan.Zero ? new CancellationTokenSource(timeout, model.Clock) : new CancellationTokenSource();
        _all = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _limit.Token, model.State.Cancelled);
        Token = _all.Token;
        context.Features.Set(this);
    }

    public CancellationToken Token { get; }

    /// <summary>Runs what the request asks for; names the limit where that ended it.</summary>
    /// <exception cref="TimeoutException">The limit ended it.</exception>
    /// <exception cref="ApiException">The server stops.</exception>
    public async Task RunAsync(Func<CancellationToken, Task> work)
    {
        try
        {
            await work(Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_model.State.Cancelled.IsCancellationRequested)
        {
            throw new ApiException(
                StatusCodes.Status503ServiceUnavailable,
                "server_error",
                $"The server is stopping, and the {_model.Options.DrainTimeout.TotalSeconds:0.###} s that it gave to requests are over.",
                code: "stopping")
            {
                RetryAfter = _model.State.RetryAfter,
            };
        }
        catch (OperationCanceledException error) when (_limit.IsCancellationRequested)
        {
            throw new TimeoutException(
                $"The request took longer than the {_model.Options.RequestTimeout.TotalSeconds:0.###} s that this server gives each.", error);
        }
    }

    public void Dispose()
    {
        _all.Dispose();
        _limit.Dispose();
    }
}
