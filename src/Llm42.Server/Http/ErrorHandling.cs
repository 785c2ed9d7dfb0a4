using Llm42.Core.Engine;
using Llm42.Native;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Llm42.Server.Http;

/// <summary>Turns what goes wrong behind it into answers of OpenAI's shape.</summary>
internal sealed partial class ErrorHandling(RequestDelegate next, ILogger<ErrorHandling> log)
{
    private const int ClientClosedRequest = 499;
    private const string RetryAfterSeconds = "1";

    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            if (!context.Response.HasStarted)
                context.Response.StatusCode = ClientClosedRequest;
        }
#pragma warning disable CA1031 // Whatever goes wrong belongs to this request alone.
        catch (Exception error)
        {
            var answer = Describe(error);
            if (answer.Status >= StatusCodes.Status500InternalServerError)
                Failed(error, context.TraceIdentifier);
            if (context.Response.HasStarted)
            {
                // Half an answer must not look like a whole one.
                context.Abort();
                return;
            }
            if (answer.Status == StatusCodes.Status429TooManyRequests)
                context.Response.Headers.RetryAfter = RetryAfterSeconds;
            context.Response.StatusCode = answer.Status;
            await context.Response.WriteAsJsonAsync(
                ApiErrorBody.Of(answer), ServerJson.Default.ApiErrorBody, cancellationToken: CancellationToken.None).ConfigureAwait(false);
        }
#pragma warning restore CA1031
    }

    /// <summary>An error in the terms of the API.</summary>
    public static ApiException Describe(Exception error) => error switch
    {
        ApiException api => api,
        EngineQueueFullException => new ApiException(
            StatusCodes.Status429TooManyRequests, "rate_limit_error", error.Message, code: "queue_full"),
        ArgumentException => ApiException.Invalid(error.Message),
        NotSupportedException => ApiException.Invalid(error.Message, code: "unsupported"),
        BadHttpRequestException http => new ApiException(http.StatusCode, "invalid_request_error", http.Message),
        ObjectDisposedException => new ApiException(
            StatusCodes.Status503ServiceUnavailable, "server_error", "The server is stopping.", code: "stopping"),
        TimeoutException => new ApiException(
            StatusCodes.Status504GatewayTimeout, "server_error", error.Message, code: "timeout"),
        NativeException => new ApiException(StatusCodes.Status500InternalServerError, "server_error", error.Message),
        _ => new ApiException(StatusCodes.Status500InternalServerError, "server_error", "The server failed; its log says how."),
    };

    [LoggerMessage(LogLevel.Error, "Request {RequestId} failed.")]
    private partial void Failed(Exception error, string requestId);
}
