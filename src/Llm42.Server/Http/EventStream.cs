using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace Llm42.Server.Http;

/// <summary>An answer as server-sent events, each flushed as it is written.</summary>
internal sealed class EventStream(HttpContext context)
{
    private static readonly byte[] Prefix = "data: "u8.ToArray();
    private static readonly byte[] Suffix = "\n\n"u8.ToArray();
    private static readonly byte[] Last = "data: [DONE]\n\n"u8.ToArray();

    /// <summary>Writes one event.</summary>
    public async Task WriteAsync<T>(T value, JsonTypeInfo<T> type)
    {
        Begin();
        var body = context.Response.Body;
        var cancellation = context.RequestAborted;
        await body.WriteAsync(Prefix, cancellation).ConfigureAwait(false);
        await body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(value, type), cancellation).ConfigureAwait(false);
        await body.WriteAsync(Suffix, cancellation).ConfigureAwait(false);
        await body.FlushAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Tells the client of an error that came up in the middle, and ends.</summary>
    public async Task FailAsync(ApiException error)
    {
        await WriteAsync(ApiErrorBody.Of(error), ServerJson.Default.ApiErrorBody).ConfigureAwait(false);
    }

    /// <summary>Writes the end that OpenAI's clients wait for.</summary>
    public async Task EndAsync()
    {
        Begin();
        await context.Response.Body.WriteAsync(Last, context.RequestAborted).ConfigureAwait(false);
        await context.Response.Body.FlushAsync(context.RequestAborted).ConfigureAwait(false);
    }

    private void Begin()
    {
        if (context.Response.HasStarted)
            return;
        context.Response.ContentType = "text/event-stream; charset=utf-8";
        context.Response.Headers.CacheControl = "no-cache";
    }
}
