using Llm42.Core.Requests;

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
        _ => throw new OperationCanceledException("The request was cancelled while it ran."),
    };
}
