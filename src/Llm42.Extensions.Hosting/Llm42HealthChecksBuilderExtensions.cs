using Llm42.Extensions.Hosting;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds health checks of Llm42 engines.</summary>
public static class Llm42HealthChecksBuilderExtensions
{
    /// <summary>
    /// Adds a check that is healthy while an engine of <see cref="Llm42ServiceCollectionExtensions"/> is loaded and takes
    /// requests.
    /// </summary>
    /// <param name="builder">The checks.</param>
    /// <param name="serviceKey">Key of the engine; null for the one without.</param>
    /// <param name="name">Name of the check; null for "llm42", with a hyphen and the key behind it where there is one.</param>
    /// <param name="failureStatus">What to report otherwise; null for unhealthy.</param>
    /// <param name="tags">Tags of the check.</param>
    public static IHealthChecksBuilder AddLlm42(
        this IHealthChecksBuilder builder, string? serviceKey = null, string? name = null, HealthStatus? failureStatus = null,
        IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Add(new HealthCheckRegistration(
            name ?? (serviceKey is null ? "llm42" : $"llm42-{serviceKey}"),
            services => new EngineHealthCheck(services.GetRequiredKeyedService<HostedEngine>(serviceKey)),
            failureStatus,
            tags));
    }
}
