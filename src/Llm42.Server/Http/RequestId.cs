using System.Buffers;
using Microsoft.AspNetCore.Http;

namespace Llm42.Server.Http;

/// <summary>Gives each request an id, the client's own where that is short and plain, and tells the client.</summary>
internal sealed class RequestId(RequestDelegate next)
{
    public const string Header = "x-request-id";

    /// <summary>Most characters of a client's id.</summary>
    public const int MaxLength = 128;

    private static readonly SearchValues<char> Plain =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:/+=@");

    public Task InvokeAsync(HttpContext context)
    {
        var given = context.Request.Headers[Header];
        context.TraceIdentifier = given is [{ Length: >= 1 and <= MaxLength } id] && !id.AsSpan().ContainsAnyExcept(Plain)
            ? id
            : $"req_{Guid.NewGuid():N}";
        context.Response.Headers[Header] = context.TraceIdentifier;
        return next(context);
    }
}
