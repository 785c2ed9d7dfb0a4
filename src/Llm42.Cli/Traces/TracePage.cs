using System.Globalization;
using Llm42.Cli.Machine;
using Llm42.Cli.Reports;
using Llm42.Cli.Serving;
using Llm42.Cli.Throughput;

namespace Llm42.Cli.Traces;

/// <summary>The report of `bench trace`.</summary>
internal static class TracePage
{
    public static ReportDocument Of(TraceReport report) => new(
        $"Latencies of {report.Options.Trace}",
        [report.Hardware, .. ThroughputWriter.MachineLines(new Ceilings([]), report.OthersShare), TraceWriter.InWords(report), "Latencies in ms, from the time at which a request was due."],
        [.. Charts(report)],
        [new ReportTable("Figures", TraceWriter.Columns, [.. TraceWriter.Rows(report)])]);

    private static IEnumerable<Chart> Charts(TraceReport report)
    {
        foreach (LatencyKind kind in LatencyKind.All)
        {
            Curve[] curves =
            [
                .. from run in report.Runs
                   from one in run.Classes.Count > 1 ? run.Classes.Skip(1) : run.Classes
                   let latency = kind.Of(one)
                   where latency is not null
                   select new Curve(string.Create(CultureInfo.InvariantCulture, $"{run.Share:0.##%}: {one.Name}"), ThroughputPage.CdfOf(latency.Sorted)),
            ];
            if (curves.Length > 0)
                yield return LineChart.Of(kind.Short, $"{kind.Short}: {kind.Name}", "ms", "share at or below", curves);
        }
    }
}
