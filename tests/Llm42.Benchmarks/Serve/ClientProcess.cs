using System.Diagnostics;
using System.Globalization;

namespace Llm42.Benchmarks.Serve;

/// <summary>
/// Clients in a process of their own: what they take of the processors is not the server's. They look at their connections
/// seldom until the end is near, so that this stays next to nothing; the server sends every event all the same.
/// </summary>
internal sealed class ClientProcess : IAsyncDisposable
{
    /// <summary>The verb under which this program is the clients.</summary>
    public const string ChildVerb = "serve-clients";

    private static readonly TimeSpan Seldom = TimeSpan.FromMilliseconds(20);

    private readonly Process _process;

    public ClientProcess(Uri address, int clients, int tokens)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, [ChildVerb, address.ToString(), $"{clients}", $"{tokens}"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };

        // Compiled once and for all, as clients are that run for long.
        start.Environment["DOTNET_TieredCompilation"] = "0";
        _process = Process.Start(start) ?? throw new InvalidOperationException("the clients did not start.");
    }

    /// <summary>Has every client ask once, all at the same time.</summary>
    public Task AskAsync(bool isStreamed) => TellAsync($"{isStreamed}");

    /// <summary>Has the clients look often, so that they see the end as it comes, and waits for the last answer.</summary>
    public async Task AwaitAnswersAsync()
    {
        await TellAsync("often").ConfigureAwait(false);
        _ = await _process.StandardOutput.ReadLineAsync().ConfigureAwait(false) ?? throw new InvalidOperationException("the clients ended.");
    }

    /// <summary>Is the clients: a line says whether to ask for streams, the next to look often, and a line answers that all are answered.</summary>
    public static int Run(string[] arguments)
    {
        var address = new Uri(arguments[0]);
        int count = int.Parse(arguments[1], CultureInfo.InvariantCulture), tokens = int.Parse(arguments[2], CultureInfo.InvariantCulture);
        RawClient[] clients = [.. Enumerable.Range(0, count).Select(_ => new RawClient(address))];
        while (Console.ReadLine() is { } line)
        {
            for (int i = 0; i < count; i++)
                clients[i].Send(RawClient.Request(ServeWork.Prompt(i), tokens, bool.Parse(line)));
            var often = Task.Run(Console.ReadLine);
            var open = new List<RawClient>(clients);
            while (open.Count > 0)
            {
                if (often.IsCompleted)
                    Thread.Sleep(1);
                else
                    often.Wait(Seldom);
                open.RemoveAll(client => client.HasAnswer());
            }

            often.Wait();
            Console.WriteLine("answered");
        }

        return 0;
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync().ConfigureAwait(false);
        _process.Dispose();
    }

    private async Task TellAsync(string line)
    {
        await _process.StandardInput.WriteLineAsync(line).ConfigureAwait(false);
        await _process.StandardInput.FlushAsync().ConfigureAwait(false);
    }
}
