using System.Text.Json.Serialization;

namespace Llm42.Server.Http;

/// <summary>The body of an answer that is an error: {"error": {...}}.</summary>
internal sealed record ApiErrorBody(ApiError Error)
{
    public static ApiErrorBody Of(ApiException error) =>
        new(new ApiError(error.Message, error.Type, error.Parameter, error.Code));
}

/// <summary>An error as OpenAI's API words it; absent values are null, not left out.</summary>
internal sealed record ApiError(
    string Message,
    string Type,
    [property: JsonPropertyName("param")] string? Parameter,
    string? Code);
