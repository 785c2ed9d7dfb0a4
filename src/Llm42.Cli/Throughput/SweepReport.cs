using System.Globalization;
using Llm42.Cli.Output;
using Llm42.Cli.Reports;

namespace Llm42.Cli.Throughput;

/// <summary>A run of `bench sweep`: the same deterministic load at each window and verify group.</summary>
/// <param name="Measured">The rows, without deterministic requests and with nothing else, of each pair.</param>
internal sealed record SweepReport(ThroughputReport Measured)
{
    /// <summary>The pairs, windows first.</summary>
    public IReadOnlyList<SweepCell> Cells =>
    [
        .. from row in Measured.Rows
           where row.Case.Share > 0
           select new SweepCell(row.Case.Variant.Window, row.Case.Variant.VerifyGroup, row, row.Over(Measured.BaselineOf(row)!).Median),
    ];

    private IReadOnlyList<int> Windows => [.. Cells.Select(cell => cell.Window).Distinct()];

    private IReadOnlyList<int> Groups => [.. Cells.Select(cell => cell.VerifyGroup).Distinct()];

    /// <summary>The charts and the figures.</summary>
    public ReportDocument ToDocument()
    {
        var cells = Cells.ToDictionary(cell => (cell.Window, cell.VerifyGroup));
        return new ReportDocument(
            "Window and verify group",
            Lines,
            [
                HeatMap.Of("ratio", "Throughput at 100% deterministic, over none", "W", Windows, "G", Groups, (w, g) => cells[(w, g)].Ratio),
                HeatMap.Of("rate", "Tokens/s at 100% deterministic", "W", Windows, "G", Groups, (w, g) => Math.Round(cells[(w, g)].Row.Decode.Median, 1)),
                HeatMap.Of("recomputed", "Rolled back over committed", "W", Windows, "G", Groups, (w, g) => cells[(w, g)].Row.RecomputedShare),
                HeatMap.Of("itl", "P99 between pieces of an answer, ms", "W", Windows, "G", Groups, (w, g) => Math.Round(cells[(w, g)].Row.Itl(0.99) ?? 0, 2)),
            ],
            [new ReportTable("Figures", Columns, [.. Rows])]);
    }

    /// <summary>Tells a person.</summary>
    public void Write(TextWriter writer)
    {
        foreach (string line in Lines)
            writer.WriteLine(line);
        writer.WriteLine();
        var table = new TextTable(writer, [.. Columns]);
        foreach (string[] row in Rows)
            table.AddRow(row);
        table.Write();
    }

    private static IReadOnlyList<string> Columns => ["W", "G", "tokens/s", "over none", "recomputed", "accepted", "P99 ms"];

    private IReadOnlyList<string> Lines =>
    [
        Measured.Hardware, .. ThroughputWriter.MachineLines(Measured.Ceilings, Measured.OthersShare),
        $"{Measured.Rows[0].Shape} in {Measured.Rows[0].Weights}, {Measured.Rows[0].Case.Batch} requests at once, answers of {Measured.Options.OutputLength} tokens; medians of {Measured.Options.Repetitions} repetitions in turns.",
    ];

    private IEnumerable<string[]> Rows => Cells.Select(cell => (string[])
    [
        Number(cell.Window, "0"), Number(cell.VerifyGroup, "0"), Number(cell.Row.Decode.Median, "0.0"), Number(cell.Ratio, "0.000"),
        Number(cell.Row.RecomputedShare, "0.0%"), Number(cell.Row.Acceptance, "0.000"), Number(cell.Row.Itl(0.99), "0.00"),
    ]);

    private static string Number(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? "-";
}

/// <summary>A window and a verify group.</summary>
/// <param name="Window">Most drafts before a verify pass.</param>
/// <param name="VerifyGroup">Most windows in one.</param>
/// <param name="Row">With every request deterministic.</param>
/// <param name="Ratio">Its decode rate over that of the same engine without.</param>
internal sealed record SweepCell(int Window, int VerifyGroup, ThroughputRow Row, double Ratio);
