using Microsoft.Extensions.Hosting;

namespace Llm42.Extensions.Hosting;

/// <summary>Keeps the host from starting before its engine is loaded, or where it cannot be.</summary>
internal sealed class EngineStart(HostedEngine engine) : IHostedLifecycleService
{
    /// <summary>Before any other service starts: those may answer requests at once.</summary>
    public async Task StartingAsync(CancellationToken cancellationToken) =>
        await engine.LoadAsync().WaitAsync(cancellationToken).ConfigureAwait(false);

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    // The engine outlives every service that uses it, and goes when the host disposes its services.
    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
