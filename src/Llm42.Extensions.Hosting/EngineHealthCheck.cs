using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Llm42.Extensions.Hosting;

/// <summary>Healthy while an engine is loaded and takes requests.</summary>
internal sealed class EngineHealthCheck(HostedEngine engine) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(Check(context.Registration.FailureStatus));

    private HealthCheckResult Check(HealthStatus failure)
    {
        if (engine.Loading is not { IsCompleted: true } loading)
            return new HealthCheckResult(failure, "The model is not loaded yet.");
        if (!loading.IsCompletedSuccessfully)
            return new HealthCheckResult(failure, "The model could not be loaded.", loading.Exception?.InnerException);
        var loaded = loading.Result;
        if (!loaded.IsRunning)
            return new HealthCheckResult(failure, "The engine has ended.");
        var load = loaded.Statistics.Load;
        return HealthCheckResult.Healthy("The engine takes requests.", new Dictionary<string, object>
        {
            ["architecture"] = loaded.Model.Architecture,
            ["running"] = load.Running,
            ["waiting"] = load.Waiting,
        });
    }
}
