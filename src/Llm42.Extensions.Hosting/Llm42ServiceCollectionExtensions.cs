using Llm42;
using Llm42.Extensions.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>
/// Adds Llm42 engines to a host. An <see cref="InferenceEngine"/> is a singleton, keyed where a key is given. The host
/// loads it before it starts any other service, and does not start if that fails; who asks for it earlier waits. It is
/// disposed with the host's services. Without a host it is loaded by who asks for it first.
/// </summary>
public static class Llm42ServiceCollectionExtensions
{
    /// <summary>Adds an engine with options that a delegate sets.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Sets at least <see cref="Llm42Options.ModelPath"/>.</param>
    public static IServiceCollection AddLlm42(this IServiceCollection services, Action<Llm42Options> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        return Add(services, serviceKey: null, options => options.Configure(configure));
    }

    /// <summary>Adds an engine with options out of a configuration.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configuration">
    /// Holds the members of <see cref="Llm42Options"/>, such as "ModelPath" and "Inference:Engine:MaxSequences". A name that
    /// is none of them is an error at start.
    /// </param>
    public static IServiceCollection AddLlm42(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        return Add(services, serviceKey: null, options => Bind(options, configuration));
    }

    /// <summary>Adds one of several engines, with options that a delegate sets.</summary>
    /// <param name="services">The services.</param>
    /// <param name="serviceKey">Key of the engine as a service, and name of its options.</param>
    /// <param name="configure">Sets at least <see cref="Llm42Options.ModelPath"/>.</param>
    public static IServiceCollection AddKeyedLlm42(this IServiceCollection services, string serviceKey, Action<Llm42Options> configure)
    {
        ArgumentException.ThrowIfNullOrEmpty(serviceKey);
        ArgumentNullException.ThrowIfNull(configure);
        return Add(services, serviceKey, options => options.Configure(configure));
    }

    /// <summary>Adds one of several engines, with options out of a configuration.</summary>
    /// <param name="services">The services.</param>
    /// <param name="serviceKey">Key of the engine as a service, and name of its options.</param>
    /// <param name="configuration">Holds the members of <see cref="Llm42Options"/>.</param>
    public static IServiceCollection AddKeyedLlm42(this IServiceCollection services, string serviceKey, IConfiguration configuration)
    {
        ArgumentException.ThrowIfNullOrEmpty(serviceKey);
        ArgumentNullException.ThrowIfNull(configuration);
        return Add(services, serviceKey, options => Bind(options, configuration));
    }

    private static void Bind(OptionsBuilder<Llm42Options> options, IConfiguration configuration) =>
        options.Bind(configuration, binder => binder.ErrorOnUnknownConfiguration = true);

    private static IServiceCollection Add(IServiceCollection services, string? serviceKey, Action<OptionsBuilder<Llm42Options>> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        var name = serviceKey ?? Options.Options.DefaultName;
        configure(services.AddOptions<Llm42Options>(name).ValidateOnStart());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<Llm42Options>, OptionsValidation>());

        // A second call for the same engine only adds to its options.
        if (services.Any(service => service.ServiceType == typeof(HostedEngine) && Equals(service.ServiceKey, serviceKey)))
            return services;
        services.AddKeyedSingleton(serviceKey, (provider, _) => new HostedEngine(
            provider.GetRequiredService<IOptionsMonitor<Llm42Options>>().Get(name),
            (provider.GetService<ILoggerFactory>() ?? NullLoggerFactory.Instance).CreateLogger("Llm42"),
            serviceKey));
        services.AddKeyedSingleton(
            serviceKey, (provider, _) => provider.GetRequiredKeyedService<HostedEngine>(serviceKey).LoadAsync().GetAwaiter().GetResult());
        services.AddSingleton<IHostedService>(provider => new EngineStart(provider.GetRequiredKeyedService<HostedEngine>(serviceKey)));
        return services;
    }
}
