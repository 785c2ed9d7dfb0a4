using System.Threading.Channels;

namespace Llm42.Cli.Determinism;

/// <summary>One run: submits the arrivals as their turn comes and ends when the checked request has its answer.</summary>
internal sealed class LoadRun
{
    private readonly AnswerArrival _answer;

    /// <summary>Tokens as they come; 0 for a request that has ended.</summary>
    private readonly Channel<int> _events = Channel.CreateUnbounded<int>();

    private LoadRun(AnswerArrival answer) => _answer = answer;

    /// <summary>Answers a request that has arrived, and tells how many tokens came, as they come.</summary>
    public delegate Task<Answer> AnswerArrival(Arrival arrival, Action<int> onTokens, CancellationToken cancellation);

    /// <summary>The checked request's answer, and the tokens that all requests brought.</summary>
    public static Task<(Answer Answer, int Tokens)> ExecuteAsync(
        AnswerArrival answer, IReadOnlyList<Arrival> arrivals, CancellationToken cancellation) =>
        new LoadRun(answer).ExecuteAsync(arrivals, cancellation);

    private async Task<(Answer Answer, int Tokens)> ExecuteAsync(
        IReadOnlyList<Arrival> arrivals, CancellationToken cancellation)
    {
        using var neighbours = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var running = new List<Task>();
        Task<Answer>? answer = null;
        int tokens = 0;
        int active = 0;
        foreach (Arrival arrival in arrivals)
        {
            while (tokens < arrival.AfterTokens && active > 0)
                Count(await _events.Reader.ReadAsync(cancellation).ConfigureAwait(false));
            active++;
            if (arrival.IsChecked)
                running.Add(answer = AnswerAsync(arrival, cancellation));
            else
                running.Add(AnswerAsync(arrival, neighbours.Token));
        }

        try
        {
            return (await answer!.ConfigureAwait(false), TokensSoFar());
        }
        finally
        {
            await neighbours.CancelAsync().ConfigureAwait(false);
            try
            {
                await Task.WhenAll(running).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                // The neighbours that had not ended: nobody waits for their answers.
            }
        }

        void Count(int count)
        {
            tokens += count;
            if (count == 0)
                active--;
        }

        int TokensSoFar()
        {
            while (_events.Reader.TryRead(out int count))
                Count(count);
            return tokens;
        }
    }

    private async Task<Answer> AnswerAsync(Arrival arrival, CancellationToken cancellation)
    {
        try
        {
            return await _answer(arrival, count => _events.Writer.TryWrite(count), cancellation).ConfigureAwait(false);
        }
        finally
        {
            _events.Writer.TryWrite(0);
        }
    }
}
