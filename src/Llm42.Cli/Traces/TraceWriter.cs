using System.Globalization;
using Llm42.Cli.Machine;
using Llm42.Cli.Output;
using Llm42.Cli.Serving;
using Llm42.Cli.Throughput;

namespace Llm42.Cli.Traces;

/// <summary>Tells a person what `bench trace` found.</summary>
internal static class TraceWriter
{
    /// <summary>Columns of <see cref="Rows"/>.</summary>
    public static readonly IReadOnlyList<string> Columns =
    [
        "share", "class", "requests", "failed", "tokens/s", "TTFT P50", "P99", "ITL P50", "P99", "E2E P50", "P99", "accepted", "recomputed",
    ];

    public static void Write(TraceReport report, TextWriter writer)
    {
        ThroughputWriter.WriteMachine(report.Hardware, new Ceilings([]), report.OthersShare, writer);
        writer.WriteLine(InWords(report));
        writer.WriteLine("Latencies in ms, from the time at which a request was due.");
        writer.WriteLine();
        var table = new TextTable(writer, [.. Columns]);
        foreach (string[] row in Rows(report))
            table.AddRow(row);
        table.Write();
    }

    /// <summary>What was done.</summary>
    public static string InWords(TraceReport report) => string.Create(
        CultureInfo.InvariantCulture,
        $"{report.Options.Arrivals.Count} requests of {report.Options.Trace}, {report.Options.Speed:0.###} times as fast and {report.Options.LengthScale:0.###} times as long, on {report.Options.Shape.Name} in {report.Options.Weights.Word}; determinism {report.Determinism}, drafter {report.Drafter}.");

    /// <summary>A row for each class of each run.</summary>
    public static IEnumerable<string[]> Rows(TraceReport report) =>
        from run in report.Runs
        from one in run.Classes
        select (string[])
        [
            Number(run.Share, "0.##%"), one.Name, Number(one.Requests, "0"), Number(one.Requests - one.Succeeded, "0"), Number(one.OutputTokensPerSecond, "0.0"),
            .. Pair(one.TimeToFirstToken), .. Pair(one.InterTokenLatency), .. Pair(one.EndToEnd),
            Number(run.Acceptance, "0.000"), Number(run.Statistics.RecomputedShare, "0.0%"),
        ];

    private static string[] Pair(LatencySummary? latency) => [Number(1000 * latency?.P50, "0.00"), Number(1000 * latency?.P99, "0.00")];

    private static string Number(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? "-";
}
