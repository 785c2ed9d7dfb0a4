using System.Globalization;
using Llm42.Cli.Reports;

namespace Llm42.Cli.Throughput;

/// <summary>The report of `bench throughput`.</summary>
internal static class ThroughputPage
{
    /// <summary>Of the published workloads, those drawn: the least and the most favourable.</summary>
    private static readonly string[] DrawnWorkloads = ["512/256", "2048/512"];

    public static ReportDocument Of(ThroughputReport report)
    {
        var charts = new List<Chart>();
        ThroughputRow[] relative = [.. report.Rows.Where(row => report.BaselineOf(row) is not null)];
        if (relative.Length > 0)
        {
            charts.Add(LineChart.Of(
                "ratio", "Throughput by deterministic share, over none", "share of deterministic requests", "ratio",
                Engines(relative).Take(Chart.Curves - DrawnWorkloads.Length)
                    .Select(group => new Curve(group.Key, [(0, 1), .. Points(group, row => row.Over(report.BaselineOf(row)!).Median)]))
                    .Concat(PublishedFigures.Rows.Where(row => DrawnWorkloads.Contains(row.Workload)).Select(row => new Curve(
                        $"published, {row.Workload}", [(0, 1), .. PublishedFigures.Shares.Zip(row.Ratios)])))));
            charts.Add(LineChart.Of(
                "recomputed", "Recomputed share", "share of deterministic requests", "rolled back / committed",
                Engines(relative).Select(group => new Curve(group.Key, Points(group, row => row.RecomputedShare)))));
        }

        charts.AddRange(Latencies(report));
        if (Roofline(report) is { } roofline)
            charts.Add(roofline);
        return new ReportDocument(
            "Throughput",
            [report.Hardware, .. ThroughputWriter.MachineLines(report.Ceilings, report.OthersShare), $"Prompts of {report.Options.PromptLength} tokens, answers of {report.Options.OutputLength}; medians of {report.Options.Repetitions} repetitions in turns."],
            charts,
            Tables(report));
    }

    private static IEnumerable<Chart> Latencies(ThroughputReport report)
    {
        Curve[] curves =
        [
            .. report.Rows.Where(row => row.Gaps.Count > 0 && row.Case.Batch == report.Options.Batches.Max())
                .Select(row => new Curve($"{row.Determinism}, {Percent(row.Case.Share)}", CdfOf(row.Gaps))),
        ];
        if (curves.Length > 0)
            yield return LineChart.Of("itl", $"Inter-token latency, batch {report.Options.Batches.Max()}", "ms", "share at or below", curves);
    }

    /// <summary>The empirical distribution of gaps in seconds, as milliseconds.</summary>
    public static IReadOnlyList<(double X, double Y)> CdfOf(IReadOnlyList<double> sorted) =>
        [.. sorted.Select((gap, i) => (1000 * gap, (i + 1.0) / sorted.Count))];

    private static Chart? Roofline(ThroughputReport report)
    {
        if (report.Ceilings is not { Memory: { } memory, Compute: { } compute } || report.Options.Model is not null)
            return null;
        double ridge = compute.PerSecond / memory.PerSecond;
        (double, double)[] decode = [.. report.Rows.Select(row => Gigaflops(row.DecodePoint)).Order()];
        (double, double)[] prefill = [.. report.Rows.Select(row => Gigaflops(row.PrefillPoint)).Order()];
        double first = Math.Min(0.5, decode.Min().Item1), last = Math.Max(4 * ridge, prefill.Max().Item1);
        return LineChart.Of("roofline", "Roofline", "operations per byte", "GFLOP/s",
        [
            new Curve("ceilings", [(first, first * memory.PerSecond / 1e9), (ridge, compute.PerSecond / 1e9), (last, compute.PerSecond / 1e9)]),
            new Curve("decoding", decode, HasLine: false),
            new Curve("prefill", prefill, HasLine: false),
        ]);

        static (double, double) Gigaflops((double Intensity, double FlopsPerSecond) point) => (point.Intensity, point.FlopsPerSecond / 1e9);
    }

    private static List<ReportTable> Tables(ThroughputReport report)
    {
        var tables = new List<ReportTable> { new("Figures", ThroughputWriter.Columns, [.. ThroughputWriter.Rows(report)]) };
        if (report.Peer is { } peer)
            tables.Add(new ReportTable(peer.Version is null ? $"llama.cpp: skipped ({peer.Absent})" : $"llama.cpp by {peer.Version}", ThroughputWriter.PeerColumns, [.. ThroughputWriter.PeerRows(report)]));
        tables.Add(new ReportTable(
            "Published LLM-42: throughput over that without determinism (Llama-3.1-8B, H100)",
            ["workload", .. PublishedFigures.Shares.Select(Percent)],
            [.. PublishedFigures.Rows.Select(row => (string[])[row.Workload, .. row.Ratios.Select(ratio => ratio.ToString("0.00", CultureInfo.InvariantCulture))])]));
        return tables;
    }

    private static IEnumerable<IGrouping<string, ThroughputRow>> Engines(IEnumerable<ThroughputRow> rows) =>
        rows.GroupBy(row => $"{row.Shape} {row.Weights} {row.Determinism} x{row.Case.Batch}");

    private static IReadOnlyList<(double X, double Y)> Points(IEnumerable<ThroughputRow> rows, Func<ThroughputRow, double> value) =>
        [.. rows.Select(row => (row.Case.Share, value(row))).OrderBy(point => point.Share)];

    private static string Percent(double share) => share.ToString("0.##%", CultureInfo.InvariantCulture);
}
