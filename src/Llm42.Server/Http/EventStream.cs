using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Llm42.Server.Answers;
using Microsoft.AspNetCore.Http;

namespace Llm42.Server.Http;

/// <summary>
/// An answer as server-sent events. Each is flushed as it is written, and the next waits until the connection has taken
/// it: what a slow client has not read yet stays in the engine's bounded queue of its request.
/// </summary>
#pragma warning disable CA1001 // The JSON writer holds nothing but what it writes into the response.
internal sealed class EventStream(HttpContext context)
#pragma warning restore CA1001
{
    private const string ContentType = "text/event-stream; charset=utf-8";

    private readonly PipeWriter _pipe = context.Response.BodyWriter;
    private Utf8JsonWriter? _json;

    private CancellationToken Cancellation => context.Features.Get<Deadline>()?.Token ?? context.RequestAborted;

    /// <summary>The response of a request is a stream of events that has begun.</summary>
    public static bool HasBegun(HttpContext context) => context.Response is { HasStarted: true, ContentType: ContentType };

    /// <summary>Writes one event.</summary>
    public async Task WriteAsync<T>(T value, JsonTypeInfo<T> type)
    {
        Write(value, type);
        await _pipe.FlushAsync(Cancellation).ConfigureAwait(false);
    }

    /// <summary>Tells the client of an error that came up in the middle; the end that it waits for does not follow.</summary>
    public async Task FailAsync(ApiException error, CancellationToken cancellation)
    {
        Write(ApiErrorBody.Of(error), ServerJson.Default.ApiErrorBody);
        await _pipe.FlushAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Writes the end that OpenAI's clients wait for.</summary>
    public async Task EndAsync()
    {
        Begin();
        _pipe.Write("data: [DONE]\n\n"u8);
        await _pipe.FlushAsync(Cancellation).ConfigureAwait(false);
    }

    private void Write<T>(T value, JsonTypeInfo<T> type)
    {
        Begin();
        _pipe.Write("data: "u8);
        if (_json is null)
            _json = new Utf8JsonWriter(_pipe, new JsonWriterOptions { SkipValidation = true });
        else
            _json.Reset();
        JsonSerializer.Serialize(_json, value, type);
        _pipe.Write("\n\n"u8);
    }

    private void Begin()
    {
        if (context.Response.HasStarted)
            return;
        context.Response.ContentType = ContentType;
        context.Response.Headers.CacheControl = "no-cache";

        // nginx would hold events back until its buffer is full.
        context.Response.Headers["X-Accel-Buffering"] = "no";
    }
}
