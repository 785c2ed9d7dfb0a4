using System.Globalization;
using Llm42.Core.Engine;
using Llm42.Native;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Llm42.Server.Http;

/// <summary>Turns what goes wrong behind it into answers of OpenAI's shape.</summary>
internal sealed partial class ErrorHandling(RequestDelegate next, ServedModel model, ILogger<ErrorHandling> log)
{
    /// <summary>The status of requests whose client left; it sees none of it.</summary>
    public const int ClientClosedRequest = 499;

    // An event that tells of an error goes to a client that may not be reading.
    private static readonly TimeSpan FailTimeout = TimeSpan.FromSeconds(2);

    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context).ConfigureAwait(false);
            if (UnroutedError(context) is { } unrouted)
                await AnswerAsync(context, unrouted).ConfigureAwait(false);
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            if (!context.Response.HasStarted)
                context.Response.StatusCode = ClientClosedRequest;
        }
#pragma warning disable CA1031 // Whatever goes wrong belongs to this request alone.
        catch (Exception error)
        {
            var answer = error is EngineQueueFullException
                ? QueueFull(error.Message, model.RetryAdvice.For(model.Engine.Statistics.Load.Waiting))
                : Describe(error);
            if (answer.Status == StatusCodes.Status500InternalServerError)
                Failed(error, context.TraceIdentifier);
            if (context.Response.HasStarted)
                await EndHalfAnswerAsync(context, answer).ConfigureAwait(false);
            else
                await AnswerAsync(context, answer).ConfigureAwait(false);
        }
#pragma warning restore CA1031
    }

    /// <summary>An error in the terms of the API.</summary>
    public static ApiException Describe(Exception error) => error switch
    {
        ApiException api => api,
        EngineQueueFullException => QueueFull(error.Message, null),
        ArgumentException => ApiException.Invalid(error.Message),
        NotSupportedException => ApiException.Invalid(error.Message, code: "unsupported"),
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } http => new ApiException(
            http.StatusCode, "invalid_request_error", $"The body is too long: {http.Message}", code: "body_too_large"),
        BadHttpRequestException http => new ApiException(http.StatusCode, "invalid_request_error", http.Message),
        ObjectDisposedException => new ApiException(
            StatusCodes.Status503ServiceUnavailable, "server_error", "The server is stopping.", code: "stopping"),
        TimeoutException => new ApiException(
            StatusCodes.Status504GatewayTimeout, "server_error", error.Message, code: "timeout"),
        NativeException => new ApiException(StatusCodes.Status500InternalServerError, "server_error", error.Message),
        _ => new ApiException(StatusCodes.Status500InternalServerError, "server_error", "The server failed; its log says how."),
    };

    private static ApiException QueueFull(string message, TimeSpan? retryAfter) =>
        new(StatusCodes.Status429TooManyRequests, "rate_limit_error", message, code: "queue_full") { RetryAfter = retryAfter };

    /// <summary>What routing refused without a word.</summary>
    private static ApiException? UnroutedError(HttpContext context)
    {
        var response = context.Response;
        if (response.HasStarted || response.ContentType is not null || response.ContentLength is not null)
            return null;
        var path = Printable.Of(context.Request.Path.Value ?? "/", 200);
        return response.StatusCode switch
        {
            StatusCodes.Status404NotFound => new ApiException(
                response.StatusCode, "invalid_request_error", $"There is nothing at {path}.", code: "unknown_url"),
            StatusCodes.Status405MethodNotAllowed => new ApiException(
                response.StatusCode,
                "invalid_request_error",
                $"{path} does not take {context.Request.Method}; it takes {response.Headers.Allow}.",
                code: "method_not_allowed"),
            _ => null,
        };
    }

    private static async Task AnswerAsync(HttpContext context, ApiException error)
    {
        if (error.RetryAfter is { } wait)
            context.Response.Headers.RetryAfter = Math.Max(1, Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        context.Response.StatusCode = error.Status;
        await context.Response.WriteAsJsonAsync(
            ApiErrorBody.Of(error), ServerJson.Default.ApiErrorBody, cancellationToken: context.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>Half an answer must not look like a whole one.</summary>
    private static async Task EndHalfAnswerAsync(HttpContext context, ApiException error)
    {
        if (!EventStream.HasBegun(context))
        {
            context.Abort();
            return;
        }
        try
        {
            using var limit = new CancellationTokenSource(FailTimeout);
            await new EventStream(context).FailAsync(error, limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            context.Abort();
        }
    }

    [LoggerMessage(3, LogLevel.Error, "Request {RequestId} failed.")]
    private partial void Failed(Exception error, string requestId);
}
