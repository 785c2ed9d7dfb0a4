using System.Text;
using System.Threading.Channels;
using Llm42.Core.Requests;

namespace Llm42.Cli.Stress;

/// <summary>Brings a load to an engine: submits each request as its turn comes, cancels those that are to be, waits for all.</summary>
internal sealed class LoadDriver
{
    private readonly InferenceEngine _engine;
    private readonly CancellationToken _cancellation;

    /// <summary>Tokens as they come; 0 for a request that has ended.</summary>
    private readonly Channel<int> _events = Channel.CreateUnbounded<int>();

    private LoadDriver(InferenceEngine engine, CancellationToken cancellation)
    {
        _engine = engine;
        _cancellation = cancellation;
    }

    /// <summary>What came of each arrival, in their order.</summary>
    public static Task<StressOutcome[]> RunAsync(InferenceEngine engine, StressLoad load, CancellationToken cancellation) =>
        new LoadDriver(engine, cancellation).RunAsync(load);

    private async Task<StressOutcome[]> RunAsync(StressLoad load)
    {
        var running = new List<Task<StressOutcome>>();
        int active = 0;
        foreach (StressArrival arrival in load.Arrivals)
        {
            int tokens = 0;
            while (active > 0 && (arrival.Pause is not { } pause || tokens < pause))
            {
                int count = await _events.Reader.ReadAsync(_cancellation).ConfigureAwait(false);
                tokens += count;
                if (count == 0)
                    active--;
            }

            active++;
            running.Add(RunAsync(arrival));
        }

        return await Task.WhenAll(running).ConfigureAwait(false);
    }

    private async Task<StressOutcome> RunAsync(StressArrival arrival)
    {
        try
        {
            return new StressOutcome(arrival, await AnswerAsync(arrival).ConfigureAwait(false), null);
        }
#pragma warning disable CA1031 // A request that fails is a finding; the others go on.
        catch (Exception error) when (!_cancellation.IsCancellationRequested)
#pragma warning restore CA1031
        {
            return new StressOutcome(arrival, null, error.Message);
        }
        finally
        {
            _events.Writer.TryWrite(0);
        }
    }

    private async Task<StressAnswer> AnswerAsync(StressArrival arrival)
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(_cancellation);
        var tokens = new List<TokenEvent>();
        var text = new StringBuilder();
        GenerationChunk last = default;
        try
        {
            await using IAsyncEnumerator<GenerationChunk> chunks = _engine
                .GenerateAsync(arrival.Request.PromptIds, arrival.Request.Options, cancel.Token)
                .GetAsyncEnumerator(CancellationToken.None);
            while (true)
            {
                // The first move submits the request, so that it is under way when it is cancelled at once.
                Task<bool> move = chunks.MoveNextAsync().AsTask();
                if (tokens.Count >= arrival.CancelAfter)
                    await cancel.CancelAsync().ConfigureAwait(false);
                if (!await move.ConfigureAwait(false))
                    break;
                last = chunks.Current;
                tokens.AddRange(last.Tokens);
                text.Append(last.Text);
                if (last.Tokens.Count > 0)
                    _events.Writer.TryWrite(last.Tokens.Count);
            }
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested && !_cancellation.IsCancellationRequested)
        {
            return StressAnswer.Partial(tokens);
        }

        return last switch
        {
            { FinishReason: FinishReason.Cancelled } when cancel.IsCancellationRequested => StressAnswer.Partial(tokens),
            { FinishReason: { } reason, Statistics: { } statistics } => StressAnswer.Complete(tokens, text.ToString(), reason, statistics),
            _ => throw new InvalidOperationException("the answer ended without a reason."),
        };
    }
}
