using System.Collections.Concurrent;
using Llm42.Cli.Remote;

namespace Llm42.Cli.Serving;

/// <summary>Sends the requests of a plan, and writes down what became of them.</summary>
/// <param name="server">Answers.</param>
/// <param name="options">How they are sent.</param>
/// <param name="clock">Tells the time.</param>
/// <param name="onEnd">Told of each request that has ended.</param>
internal sealed class ServingLoad(IRemoteServer server, ServingOptions options, TimeProvider clock, Action onEnd)
{
    private readonly ConcurrentQueue<RequestRecord> _records = new();
    private readonly long _start = clock.GetTimestamp();
    private int _next = -1;

    /// <summary>Sends each request when its time has come, whatever became of those before it.</summary>
    public async Task<IReadOnlyList<RequestRecord>> RunOpenAsync(IReadOnlyList<PlannedRequest> plan, CancellationToken cancellation)
    {
        var running = new List<Task>(plan.Count);
        foreach (PlannedRequest request in plan)
        {
            TimeSpan wait = request.ArrivesAt - Now;
            if (wait > TimeSpan.Zero)
                await Task.Delay(wait, clock, cancellation).ConfigureAwait(false);
            running.Add(SendAsync(request, request.ArrivesAt, cancellation));
        }

        await Task.WhenAll(running).ConfigureAwait(false);
        return [.. _records];
    }

    /// <summary>
    /// Keeps so many requests running: until each was sent once, or, with a duration, over and over until it has passed.
    /// </summary>
    public async Task<IReadOnlyList<RequestRecord>> RunClosedAsync(
        IReadOnlyList<PlannedRequest> plan, int concurrency, CancellationToken cancellation)
    {
        await Task.WhenAll(Enumerable.Range(0, Math.Min(concurrency, options.Duration is null ? plan.Count : concurrency))
            .Select(_ => WorkAsync())).ConfigureAwait(false);
        return [.. _records];

        async Task WorkAsync()
        {
            TimeSpan freeAt = Now;
            while (options.Duration is not { } end || Now < end)
            {
                int next = Interlocked.Increment(ref _next);
                // A server that refuses at once would otherwise fill the memory with refusals.
                if (next >= (options.Duration is null ? plan.Count : ServingPlan.MostRequests))
                    return;
                await SendAsync(plan[next % plan.Count], freeAt, cancellation).ConfigureAwait(false);
                freeAt = Now;
            }
        }
    }

    private TimeSpan Now => clock.GetElapsedTime(_start);

    private async Task SendAsync(PlannedRequest planned, TimeSpan scheduledAt, CancellationToken cancellation)
    {
        TimeSpan sentAt = Now;
        var record = new RequestRecord
        {
            Number = planned.Number,
            IsDeterministic = planned.IsDeterministic,
            ScheduledAt = scheduledAt,
            SentAt = sentAt,
            EndedAt = sentAt,
            InputTokens = planned.Prompt.Ids?.Count,
        };
        try
        {
            RemoteAnswer answer = await server.AnswerAsync(RequestOf(planned), null, cancellation).ConfigureAwait(false);
            int pieces = Math.Max(answer.Tokens.Count, answer.PieceTimes.Count);
            record = record with
            {
                SentAt = clock.GetElapsedTime(_start, answer.SentAt),
                EndedAt = clock.GetElapsedTime(_start, answer.EndedAt),
                PieceTimes = [.. answer.PieceTimes.Select(time => clock.GetElapsedTime(_start, time))],
                InputTokens = answer.PromptTokens ?? record.InputTokens,
                OutputTokens = answer.CompletionTokens ?? pieces,
                IsOutputEstimated = answer.CompletionTokens is null,
                Verification = answer.Verification,
                AnswerDigest = RequestRecord.DigestOf(answer.Text),
            };
        }
        catch (RemoteException error)
        {
            record = record with { EndedAt = Now, Error = error.Error };
        }

        _records.Enqueue(record);
        onEnd();
    }

    private RemoteRequest RequestOf(PlannedRequest planned) => new()
    {
        Prompt = planned.Prompt,
        MaxTokens = planned.MaxTokens,
        Temperature = options.Temperature,
        Seed = (options.Seeds.Selection + (ulong)planned.Number) & int.MaxValue,
        // Where the classes are mixed, a server's default must not decide.
        IsDeterministic = options.DeterministicShare > 0 && !planned.IsDeterministic && options.CanRefuseDeterminism ? false : null,
        ExtraBody = planned.IsDeterministic ? options.DeterministicBody : null,
        IgnoreEos = options.IgnoreEos,
    };
}
