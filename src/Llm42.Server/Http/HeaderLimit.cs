using Microsoft.AspNetCore.Http;

namespace Llm42.Server.Http;

/// <summary>
/// Refuses requests with too many bytes of headers. Kestrel ends a connection by itself at <see cref="HardFactor"/> times
/// as many, with a bare 431.
/// </summary>
internal sealed class HeaderLimit(RequestDelegate next, ServedModel model)
{
    public const int HardFactor = 4;

    public Task InvokeAsync(HttpContext context)
    {
        var limit = model.Options.MaxHeaderBytes;
        long bytes = 0;
        foreach (var (name, values) in context.Request.Headers)
        {
            foreach (var value in values)
                bytes += name.Length + (value?.Length ?? 0);
        }
        return bytes <= limit ? next(context) : throw new ApiException(
            StatusCodes.Status431RequestHeaderFieldsTooLarge,
            "invalid_request_error",
            $"The headers have {bytes} bytes; this server takes {limit}.",
            code: "headers_too_large");
    }
}
