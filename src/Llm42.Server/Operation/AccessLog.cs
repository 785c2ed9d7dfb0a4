using Llm42.Server.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace Llm42.Server.Operation;

/// <summary>Measures each request, and writes one line when it has ended.</summary>
internal sealed partial class AccessLog(RequestDelegate next, HttpMetrics metrics, ILogger<AccessLog> log)
{
    // A path that no route knows may hold anything, and there are any number of them.
    private const string Unrouted = "(none)";

    public async Task InvokeAsync(HttpContext context)
    {
        var measure = new RequestMeasure();
        context.Features.Set(measure);
        try
        {
            await next(context).ConfigureAwait(false);
        }
        finally
        {
            var route = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? Unrouted;
            var status = context.RequestAborted.IsCancellationRequested ? ErrorHandling.ClientClosedRequest : context.Response.StatusCode;
            metrics.Ended(route, status, measure.Elapsed);
            if (measure.CompletionTokens > 0)
                Answered(
                    context.TraceIdentifier, context.Request.Method, route, status, measure.Elapsed.TotalMilliseconds,
                    measure.TimeToFirstToken?.TotalMilliseconds ?? 0, measure.PromptTokens, measure.CachedTokens,
                    measure.CompletionTokens, measure.IsDeterministic, measure.Rollbacks, measure.TokensRolledBack);
            else if (status >= StatusCodes.Status400BadRequest || context.GetEndpoint()?.Metadata.GetMetadata<PolledRoute>() is null)
                Served(context.TraceIdentifier, context.Request.Method, route, status, measure.Elapsed.TotalMilliseconds);
        }
    }

    [LoggerMessage(
        1,
        LogLevel.Information,
        "{RequestId} {Method} {Route} {Status} {Milliseconds:0.0} ms, first token {FirstTokenMilliseconds:0.0} ms, "
        + "prompt {PromptTokens} ({CachedTokens} cached), completion {CompletionTokens}, deterministic {IsDeterministic}, "
        + "rollbacks {Rollbacks} ({TokensRolledBack} tokens)")]
    private partial void Answered(
        string requestId, string method, string route, int status, double milliseconds, double firstTokenMilliseconds, int promptTokens,
        int cachedTokens, int completionTokens, bool isDeterministic, int rollbacks, int tokensRolledBack);

    [LoggerMessage(2, LogLevel.Information, "{RequestId} {Method} {Route} {Status} {Milliseconds:0.0} ms")]
    private partial void Served(string requestId, string method, string route, int status, double milliseconds);
}
