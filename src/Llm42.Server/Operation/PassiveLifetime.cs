using Microsoft.Extensions.Hosting;

namespace Llm42.Server.Operation;

/// <summary>Leaves the process's signals alone: whoever runs the server decides when it ends.</summary>
internal sealed class PassiveLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
