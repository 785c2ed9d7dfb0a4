using System.Globalization;
using System.Text.Json.Serialization;
using Llm42.Cli.Throughput;

namespace Llm42.Cli.Json;

/// <summary>What `bench sweep --json` writes.</summary>
internal sealed record SweepJson(
    string Schema, string Date, string Version, BenchMachineJson Machine, CeilingsJson Ceilings, string Shape, string Weights, int Batch,
    int PromptLength, int OutputLength, int Repetitions, IReadOnlyList<SweepCellJson> Cells)
{
    public static SweepJson Of(SweepReport report)
    {
        ThroughputReport measured = report.Measured;
        return new SweepJson(
            "llm42.bench.sweep/1",
            measured.Date.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture),
            CommandVersion.Current,
            BenchMachineJson.Of(measured.Hardware, measured.OthersShare),
            CeilingsJson.Of(measured.Ceilings),
            measured.Rows[0].Shape, measured.Rows[0].Weights, measured.Rows[0].Case.Batch,
            measured.Options.PromptLength, measured.Options.OutputLength, measured.Options.Repetitions,
            [.. report.Cells.Select(SweepCellJson.Of)]);
    }
}

/// <summary>A window and a verify group.</summary>
internal sealed record SweepCellJson(
    int Window, int VerifyGroup, double DecodeTokensPerSecond, double OverNoDeterminism, double RecomputedShare,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] double? Acceptance,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never), JsonPropertyName("itl_p99_ms")] double? ItlP99Ms)
{
    public static SweepCellJson Of(SweepCell cell) => new(
        cell.Window, cell.VerifyGroup, cell.Row.Decode.Median, cell.Ratio, cell.Row.RecomputedShare, cell.Row.Acceptance, cell.Row.Itl(0.99));
}
