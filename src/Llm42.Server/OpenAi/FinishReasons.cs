using Llm42.Core.Requests;
using Llm42.Server.Http;
using Microsoft.AspNetCore.Http;

namespace Llm42.Server.OpenAi;

/// <summary>Why an answer ended, in OpenAI's words.</summary>
internal static class FinishReasons
{
    public const string Stop = "stop";
    public const string ToolCalls = "tool_calls";

    public static string Of(FinishReason reason) => reason switch
    {
        FinishReason.Stop => Stop,
        FinishReason.Length => "length",
        _ => throw new ApiException(
            StatusCodes.Status503ServiceUnavailable, "server_error", "The engine was stopped while it answered.", code: "stopping"),
    };
}
