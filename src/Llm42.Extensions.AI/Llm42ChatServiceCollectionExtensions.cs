using Llm42;
using Microsoft.Extensions.AI;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds chat clients of Llm42 engines to a host.</summary>
public static class Llm42ChatServiceCollectionExtensions
{
    /// <summary>Adds a singleton <see cref="IChatClient"/> on the <see cref="InferenceEngine"/> among the services.</summary>
    /// <param name="services">The services.</param>
    /// <param name="modelId">What the model is called; null for the name of its directory or file.</param>
    public static IServiceCollection AddLlm42ChatClient(this IServiceCollection services, string? modelId = null) =>
        Add(services, serviceKey: null, modelId);

    /// <summary>Adds a keyed singleton <see cref="IChatClient"/> on the <see cref="InferenceEngine"/> of the same key.</summary>
    /// <param name="services">The services.</param>
    /// <param name="serviceKey">Key of the engine and of the client.</param>
    /// <param name="modelId">What the model is called; null for the name of its directory or file.</param>
    public static IServiceCollection AddKeyedLlm42ChatClient(this IServiceCollection services, string serviceKey, string? modelId = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(serviceKey);
        return Add(services, serviceKey, modelId);
    }

    private static IServiceCollection Add(IServiceCollection services, string? serviceKey, string? modelId)
    {
        ArgumentNullException.ThrowIfNull(services);
        return services.AddKeyedSingleton(
            serviceKey, (provider, _) => provider.GetRequiredKeyedService<InferenceEngine>(serviceKey).AsIChatClient(modelId));
    }
}
