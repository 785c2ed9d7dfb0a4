using Microsoft.AspNetCore.Http;

namespace Llm42.Server.Http;

/// <summary>A request that cannot be served, in the terms of OpenAI's API.</summary>
internal sealed class ApiException(int status, string type, string message, string? parameter = null, string? code = null)
    : Exception(message)
{
    /// <summary>HTTP status.</summary>
    public int Status => status;

    /// <summary>"invalid_request_error" and the like.</summary>
    public string Type => type;

    /// <summary>The field that is wrong, or null.</summary>
    public string? Parameter => parameter;

    /// <summary>A word for programs, or null.</summary>
    public string? Code => code;

    /// <summary>When it is worth another try; null where that depends on the client alone.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>A request that is wrong in itself.</summary>
    public static ApiException Invalid(string message, string? parameter = null, string? code = null) =>
        new(StatusCodes.Status400BadRequest, "invalid_request_error", message, parameter, code);
}
