using Llm42.Server.Http;
using Microsoft.AspNetCore.Http;

namespace Llm42.Server.Fields;

/// <summary>The header that asks for determinism where a client cannot add a field to the body.</summary>
internal static class DeterminismHeader
{
    public const string Name = "X-Llm42-Deterministic";

    /// <summary>What it says; null where it is missing.</summary>
    public static bool? Read(HttpContext context) => context.Request.Headers[Name].ToString() switch
    {
        "" => null,
        "true" or "1" => true,
        "false" or "0" => false,
        var other => throw ApiException.Invalid($"The header {Name} is \"{other}\"; it must be true or false.", Name),
    };
}
