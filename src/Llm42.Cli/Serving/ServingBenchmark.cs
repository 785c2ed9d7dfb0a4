using Llm42.Cli.Determinism;
using Llm42.Cli.Options;
using Llm42.Cli.Remote;

namespace Llm42.Cli.Serving;

/// <summary>Measures a server under load.</summary>
internal sealed class ServingBenchmark(RemoteServer server, ServingOptions options, TimeProvider clock, ICheckProgress progress)
{
    /// <summary>Runs it all.</summary>
    /// <exception cref="RemoteException">A request of the warm-up has no answer.</exception>
    /// <exception cref="UsageException">The prompts do not fit the endpoint, or no request would be sent.</exception>
    public async Task<ServingReport> RunAsync(CancellationToken cancellation)
    {
        (IPromptSource prompts, bool isExact) = await PromptsAsync(cancellation).ConfigureAwait(false);
        IReadOnlyList<PlannedRequest> plan = ServingPlan.Of(options, prompts);
        if (plan.Count == 0)
            throw new UsageException("no request arrives within --duration at this --request-rate; raise one of them.");
        foreach (PlannedRequest request in plan)
        {
            if (request.Prompt.ProblemAt(server.Options.Endpoint) is { } problem)
                throw new UsageException($"a prompt cannot be asked: {problem}.");
        }

        await WarmUpAsync(prompts, cancellation).ConfigureAwait(false);
        ServerTotals? before = await TotalsAsync(cancellation).ConfigureAwait(false);
        progress.Begin("measuring", plan.Count);
        DateTimeOffset date = clock.GetUtcNow();
        var load = new ServingLoad(server, options, clock, progress.Step);
        IReadOnlyList<RequestRecord> records = options.RequestRate is not null
            ? await load.RunOpenAsync(plan, cancellation).ConfigureAwait(false)
            : await load.RunClosedAsync(plan, options.Concurrency, cancellation).ConfigureAwait(false);
        ServerTotals? after = await TotalsAsync(cancellation).ConfigureAwait(false);
        (TimeSpan elapsed, IReadOnlyList<ClassFigures> classes, LatencySummary lag) = ServingReport.Summarize(records);
        return new ServingReport
        {
            BaseUrl = server.Address.ToString(),
            Model = server.Model,
            Options = options,
            Server = server.Options,
            Date = date,
            Elapsed = elapsed,
            Records = [.. records.OrderBy(record => record.ScheduledAt).ThenBy(record => record.Number)],
            Classes = classes,
            Lag = lag,
            IsInputExact = isExact,
            ServerTotals = before is not null && after is not null ? ServerTotals.Between(before, after) : null,
        };
    }

    private async Task<(IPromptSource Prompts, bool IsExact)> PromptsAsync(CancellationToken cancellation)
    {
        if (options.PromptFile is { } file)
            return (new FilePrompts(await PromptFile.ReadAsync(file, cancellation).ConfigureAwait(false), options.OutputLength), true);
        IReadOnlyList<int>? vocabulary = server.Options.Endpoint == RemoteEndpoint.Completions
            ? await server.TokenizeAsync(SyntheticPrompts.VocabularyText, cancellation).ConfigureAwait(false)
            : null;
        // The first may be a token that only begins texts.
        int[]? ids = vocabulary is { Count: > 1 } ? [.. vocabulary.Skip(1).Distinct()] : null;
        return (new SyntheticPrompts(options.InputLength, options.OutputLength, ids), ids is not null);
    }

    private async Task WarmUpAsync(IPromptSource prompts, CancellationToken cancellation)
    {
        if (options.Warmup == 0)
            return;
        IReadOnlyList<PlannedRequest> plan = ServingPlan.WarmupOf(options, prompts);
        progress.Begin("warm-up", plan.Count);
        var load = new ServingLoad(server, options with { Duration = null }, clock, progress.Step);
        IReadOnlyList<RequestRecord> records = await load.RunClosedAsync(plan, options.Concurrency, cancellation).ConfigureAwait(false);
        if (records.FirstOrDefault(record => record.Error is not null) is { } failed)
            throw new RemoteException(failed.Error! with { Message = $"a request of the warm-up has no answer: {failed.Error.Message}" });
    }

    private async Task<ServerTotals?> TotalsAsync(CancellationToken cancellation) =>
        await server.MetricsAsync(cancellation).ConfigureAwait(false) is { } text ? ServerTotals.Parse(text) : null;
}
