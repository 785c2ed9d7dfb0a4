using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Llm42.Server.Http;

/// <summary>Reads the JSON that a request bears.</summary>
internal static class RequestBody
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 128 };

    /// <summary>The JSON object; to be disposed.</summary>
    /// <exception cref="ApiException">It is no JSON object, or too long.</exception>
    public static async Task<JsonDocument> ReadAsync(HttpContext context)
    {
        if (!context.Request.HasJsonContentType() && context.Request.ContentType is { Length: > 0 } type)
            throw new ApiException(
                StatusCodes.Status415UnsupportedMediaType, "invalid_request_error", $"Content-Type is {type}; it must be application/json.");
        try
        {
            return await JsonDocument.ParseAsync(context.Request.Body, Options, context.RequestAborted).ConfigureAwait(false);
        }
        catch (JsonException error)
        {
            throw ApiException.Invalid($"The body is not valid JSON: {error.Message}", code: "invalid_json");
        }
        catch (BadHttpRequestException error) when (error.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            throw new ApiException(error.StatusCode, "invalid_request_error", $"The body is too long: {error.Message}", code: "body_too_large");
        }
    }
}
