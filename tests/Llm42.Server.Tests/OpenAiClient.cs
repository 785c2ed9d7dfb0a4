using System.ClientModel;
using System.ClientModel.Primitives;
using OpenAI;
using OpenAI.Chat;
using OpenAI.Models;

namespace Llm42.Server.Tests;

/// <summary>OpenAI's own client for .NET, pointed at a server of a test.</summary>
internal static class OpenAiClient
{
    /// <param name="address">The server.</param>
    /// <param name="isDeterministic">Every request asks for determinism, by the header that a client can add.</param>
    /// <param name="model">The model's name.</param>
    public static ChatClient Chat(Uri address, bool isDeterministic = false, string model = "demo") =>
        new(model, new ApiKeyCredential("none"), Options(address, isDeterministic));

    public static OpenAIModelClient Models(Uri address) => new(new ApiKeyCredential("none"), Options(address, false));

    private static OpenAIClientOptions Options(Uri address, bool isDeterministic)
    {
        var options = new OpenAIClientOptions
        {
            Endpoint = new Uri(address, "/v1"),
            RetryPolicy = new ClientRetryPolicy(0),
        };
        if (isDeterministic)
            options.AddPolicy(new HeaderPolicy(), PipelinePosition.PerCall);
        return options;
    }

    private sealed class HeaderPolicy : PipelinePolicy
    {
        public override void Process(PipelineMessage message, IReadOnlyList<PipelinePolicy> pipeline, int currentIndex)
        {
            message.Request.Headers.Set("X-Llm42-Deterministic", "true");
            ProcessNext(message, pipeline, currentIndex);
        }

        public override ValueTask ProcessAsync(PipelineMessage message, IReadOnlyList<PipelinePolicy> pipeline, int currentIndex)
        {
            message.Request.Headers.Set("X-Llm42-Deterministic", "true");
            return ProcessNextAsync(message, pipeline, currentIndex);
        }
    }
}
