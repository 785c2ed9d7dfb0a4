namespace Llm42.Cli.Remote;

/// <summary>Answers requests.</summary>
internal interface IRemoteServer
{
    /// <summary>The answer to a request.</summary>
    /// <param name="request">The request.</param>
    /// <param name="onTokens">Told how many tokens each piece bears.</param>
    /// <param name="cancellation">Gives it up.</param>
    /// <exception cref="RemoteException">There is none.</exception>
    Task<RemoteAnswer> AnswerAsync(RemoteRequest request, Action<int>? onTokens, CancellationToken cancellation);
}
