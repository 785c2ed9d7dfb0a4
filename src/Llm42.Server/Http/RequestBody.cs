using System.Text.Json;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http;

namespace Llm42.Server.Http;

/// <summary>Reads the JSON that a request bears.</summary>
internal static class RequestBody
{
    private const int MaxDepth = 128;

    // Grows with what arrives: a length that is only announced must not take memory.
    private const int FirstBytes = 4096;

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = MaxDepth };

    /// <summary>The JSON object; to be disposed.</summary>
    /// <param name="context">The request.</param>
    /// <param name="limit">Most bytes of it.</param>
    /// <exception cref="ApiException">It is no JSON object, or too long.</exception>
    public static async Task<JsonDocument> ReadAsync(HttpContext context, int limit)
    {
        if (!context.Request.HasJsonContentType() && context.Request.ContentType is { Length: > 0 } type)
            throw new ApiException(
                StatusCodes.Status415UnsupportedMediaType,
                "invalid_request_error",
                $"Content-Type is {Printable.Of(type, 100)}; it must be application/json.",
                code: "unsupported_media_type");
        if (context.Request.ContentLength > limit)
            throw TooLong(limit);
        using var body = new MemoryStream(FirstBytes);
        var reader = context.Request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(context.RequestAborted).ConfigureAwait(false);
            var isWithin = read.Buffer.Length <= limit - body.Length;
            if (isWithin)
            {
                foreach (var part in read.Buffer)
                    body.Write(part.Span);
            }
            reader.AdvanceTo(read.Buffer.End);
            if (!isWithin)
                throw TooLong(limit);
            if (read.IsCompleted)
                return Parse(body.GetBuffer().AsMemory(0, (int)body.Length));
        }
    }

    /// <summary>Parses a body; every string of what comes back can be read.</summary>
    public static JsonDocument Parse(ReadOnlyMemory<byte> body)
    {
        if (!Utf8.IsValid(body.Span))
            throw Malformed("it is not UTF-8");
        try
        {
            if (body.Span.IndexOf("\\u"u8) >= 0)
                ReadEscapes(body.Span);
            return JsonDocument.Parse(body, Options);
        }
        catch (JsonException error)
        {
            throw Malformed($"{Reason(error)}, at line {error.LineNumber + 1}, byte {error.BytePositionInLine + 1}");
        }
    }

    /// <summary>Half a surrogate pair is found here, and not in the middle of a request.</summary>
    private static void ReadEscapes(ReadOnlySpan<byte> body)
    {
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = MaxDepth });
        while (reader.Read())
        {
            if (!reader.ValueIsEscaped)
                continue;
            try
            {
                _ = reader.GetString();
            }
            catch (InvalidOperationException)
            {
                throw Malformed($"the string at byte {reader.TokenStartIndex + 1} holds half a surrogate pair");
            }
        }
    }

    private static ApiException TooLong(int limit) => new(
        StatusCodes.Status413PayloadTooLarge,
        "invalid_request_error",
        $"The body is too long: this server takes {limit} bytes.",
        code: "body_too_large");

    private static ApiException Malformed(string reason) =>
        ApiException.Invalid($"The body is not valid JSON: {reason}.", code: "invalid_json");

    /// <summary>The reader's message without the position that it ends with.</summary>
    private static string Reason(JsonException error)
    {
        var end = error.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return (end < 0 ? error.Message : error.Message[..end]).TrimEnd('.');
    }
}
