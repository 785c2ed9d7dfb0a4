using System.Globalization;
using Llm42.Cli.Output;

namespace Llm42.Cli.Serving;

/// <summary>Tells a person what a benchmark of a server found.</summary>
internal static class ServingReportWriter
{
    public static void Write(ServingReport report, TextWriter writer)
    {
        writer.WriteLine($"{report.BaseUrl}, model {report.Model}; {report.LoadInWords}");
        writer.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{report.All.Requests} requests in {report.Elapsed.TotalSeconds:0.00} s, {report.All.Succeeded} answered; "
            + $"sent late by {1000 * report.Lag.P50:0.0} ms (P50), {1000 * report.Lag.P99:0.0} ms (P99)"));
        writer.WriteLine();
        WriteThroughput(report, writer);
        writer.WriteLine();
        writer.WriteLine("Latencies, from the scheduled time of a request");
        WriteLatencies(report, writer);
        foreach (string line in ServerInWords(report))
            writer.WriteLine(line);
        foreach (ClassFigures figures in report.Classes.Take(1))
        {
            foreach ((string kind, int count) in figures.Errors)
                writer.WriteLine($"Failed, {kind}: {count}; {report.Records.First(record => record.Error?.Kind == kind).Error!.Message}.");
        }

        foreach (string note in report.Notes)
            writer.WriteLine(note);
    }

    private static void WriteThroughput(ServingReport report, TextWriter writer)
    {
        var table = new TextTable(
            writer, "class", "requests", "failed", "requests/s", "input tokens/s", "output tokens/s", "input tokens", "output tokens", "rollbacks", "tokens rolled back");
        foreach (ClassFigures figures in report.Classes)
        {
            table.AddRow(
                figures.Name,
                Number(figures.Requests),
                Number(figures.Requests - figures.Succeeded),
                Number(figures.RequestsPerSecond, "0.00"),
                Number(figures.InputTokensPerSecond, "0.0"),
                Number(figures.OutputTokensPerSecond, "0.0"),
                Number(figures.InputTokens),
                Number(figures.OutputTokens),
                Number(figures.Verification?.Rollbacks),
                Number(figures.Verification?.TokensRolledBack));
        }

        table.Write();
    }

    private static void WriteLatencies(ServingReport report, TextWriter writer)
    {
        var table = new TextTable(writer, [.. FigureTable.Columns]);
        foreach (string[] row in FigureTable.Rows(report))
            table.AddRow(row);
        table.Write();
    }

    /// <summary>What the server's own counters say.</summary>
    private static IEnumerable<string> ServerInWords(ServingReport report)
    {
        if (report.ServerTotals is { } totals)
        {
            yield return $"By the server's own count, whoever asked: {Number(totals.VerificationWindows, "0")} windows verified, "
                + $"{Number(totals.Rollbacks, "0")} rollbacks, {Number(totals.TokensRolledBack, "0")} tokens recomputed.";
        }
    }

    private static string Number(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? "-";

    private static string Number(long? value) => value?.ToString(CultureInfo.InvariantCulture) ?? "-";
}
