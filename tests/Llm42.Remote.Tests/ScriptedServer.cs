using Llm42.Cli.Remote;

namespace Llm42.Remote.Tests;

/// <summary>Answers by a script, without a network.</summary>
internal sealed class ScriptedServer(Func<RemoteRequest, Task<RemoteAnswer>> answer) : IRemoteServer
{
    public async Task<RemoteAnswer> AnswerAsync(RemoteRequest request, Action<int>? onTokens, CancellationToken cancellation)
    {
        RemoteAnswer given = await answer(request).ConfigureAwait(false);
        foreach (string _ in given.Tokens)
            onTokens?.Invoke(1);
        return given;
    }
}
