using System.Globalization;
using Llm42.Cli.Remote;

namespace Llm42.Cli.Serving;

/// <summary>What a benchmark of a server found.</summary>
internal sealed record ServingReport
{
    private const double NoticeableLag = 0.010;
    private const double NoticeableShare = 0.1;

    public required string BaseUrl { get; init; }

    public required string Model { get; init; }

    public required ServingOptions Options { get; init; }

    public required RemoteOptions Server { get; init; }

    public required DateTimeOffset Date { get; init; }

    /// <summary>From the start to the end of the last request.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>What became of each request, in the order of scheduling.</summary>
    public required IReadOnlyList<RequestRecord> Records { get; init; }

    /// <summary>All requests first, then each class where there are two.</summary>
    public required IReadOnlyList<ClassFigures> Classes { get; init; }

    /// <summary>How late the client sent the requests.</summary>
    public required LatencySummary Lag { get; init; }

    /// <summary>Prompts have exactly the asked lengths.</summary>
    public required bool IsInputExact { get; init; }

    /// <summary>What the server counted meanwhile; null where it does not tell.</summary>
    public required ServerTotals? ServerTotals { get; init; }

    public ClassFigures All => Classes[0];

    /// <summary>The classes to show apart: the two, or all requests as one.</summary>
    public IReadOnlyList<ClassFigures> ShownClasses => Classes.Count > 1 ? [.. Classes.Skip(1)] : Classes;

    /// <summary>The client's lateness is a good part of the latencies: they say more of the client than of the server.</summary>
    public bool IsClientLate => Lag.P99 > NoticeableLag && Lag.P99 > NoticeableShare * (All.TimeToFirstToken?.P99 ?? 0);

    /// <summary>How the requests were sent, in words.</summary>
    public string LoadInWords => Options.RequestRate is { } rate
        ? string.Create(CultureInfo.InvariantCulture, $"open loop, Poisson arrivals at {rate:0.###} requests/s")
        : string.Create(CultureInfo.InvariantCulture, $"closed loop, {Options.Concurrency} requests at once");

    /// <summary>What bears on the figures, in words.</summary>
    public IReadOnlyList<string> Notes
    {
        get
        {
            var notes = new List<string>();
            if (IsClientLate)
            {
                notes.Add(string.Create(
                    CultureInfo.InvariantCulture,
                    $"This client could not keep up: it sent requests up to {1000 * Lag.Max:0.0} ms late (P99 {1000 * Lag.P99:0.0} ms). Latencies count from the scheduled time and hold that delay."));
            }

            if (!IsInputExact)
                notes.Add("The server tells no token ids, so synthetic prompts were made of words; their lengths in tokens are the server's count.");
            if (All.IsOutputEstimated)
                notes.Add("The server did not count the tokens of every answer; pieces of the stream were counted instead.");
            if (All.TokensPerPiece > 1.05)
            {
                notes.Add(string.Create(
                    CultureInfo.InvariantCulture,
                    $"A piece of a stream held {All.TokensPerPiece:0.00} tokens on average; ITL is the wait between pieces, TPOT that by token."));
            }

            return notes;
        }
    }

    /// <summary>The figures from what became of the requests.</summary>
    public static (TimeSpan Elapsed, IReadOnlyList<ClassFigures> Classes, LatencySummary Lag) Summarize(IReadOnlyList<RequestRecord> records)
    {
        TimeSpan elapsed = TimeSpan.FromTicks(Math.Max(1, records.Max(record => record.EndedAt.Ticks)));
        var classes = new List<ClassFigures> { ClassFigures.Of("all", records, elapsed) };
        foreach (IGrouping<bool, RequestRecord> group in records.GroupBy(record => record.IsDeterministic).OrderByDescending(group => group.Key))
        {
            if (group.Count() < records.Count)
                classes.Add(ClassFigures.Of(group.Key ? "deterministic" : "ordinary", [.. group], elapsed));
        }

        return (elapsed, classes, LatencySummary.Of(records.Select(record => record.Lag))!);
    }
}
