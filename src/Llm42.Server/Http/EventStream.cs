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
#pragma warning disable CA1001 // The JSON writer holds nothing but what it writes into the event.
internal sealed class EventStream(HttpContext context)
#pragma warning restore CA1001
{
    private const string ContentType = "text/event-stream; charset=utf-8";

    private readonly PipeWriter _pipe = context.Response.BodyWriter;
    private readonly CancellationToken _cancellation = context.Features.Get<Deadline>()?.Token ?? context.RequestAborted;

    // The response's own writer takes a lock for each piece: it gets whole events.
    private readonly ArrayBufferWriter<byte> _event = new();
    private Utf8JsonWriter? _json;

    /// <summary>The response of a request is a stream of events that has begun.</summary>
    public static bool HasBegun(HttpContext context) => context.Response is { HasStarted: true, ContentType: ContentType };

    /// <summary>Writes one event.</summary>
    public Task WriteAsync<T>(T value, JsonTypeInfo<T> type) => SendAsync(value, type, EventFrame.None, _cancellation);

    /// <summary>Writes one event: a value inside of what all events of the response share.</summary>
    public Task WriteAsync<T>(T value, JsonTypeInfo<T> type, EventFrame frame) => SendAsync(value, type, frame, _cancellation);

    /// <summary>Tells the client of an error that came up in the middle; the end that it waits for does not follow.</summary>
    public Task FailAsync(ApiException error, CancellationToken cancellation) =>
        SendAsync(ApiErrorBody.Of(error), ServerJson.Default.ApiErrorBody, EventFrame.None, cancellation);

    /// <summary>Writes the end that OpenAI's clients wait for.</summary>
    public async Task EndAsync()
    {
        Begin();
        await _pipe.WriteAsync("data: [DONE]\n\n"u8.ToArray(), _cancellation).ConfigureAwait(false);
    }

    private async Task SendAsync<T>(T value, JsonTypeInfo<T> type, EventFrame frame, CancellationToken cancellation)
    {
        Begin();
        _event.ResetWrittenCount();
        _event.Write("data: "u8);
        _event.Write(frame.Before.Span);
        if (_json is null)
            _json = new Utf8JsonWriter(_event, new JsonWriterOptions { SkipValidation = true });
        else
            _json.Reset();
        JsonSerializer.Serialize(_json, value, type);
        _event.Write(frame.After.Span);
        _event.Write("\n\n"u8);
        await _pipe.WriteAsync(_event.WrittenMemory, cancellation).ConfigureAwait(false);
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
