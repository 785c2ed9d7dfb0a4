using System.Globalization;
using System.Text.Json.Serialization;
using Llm42.Cli.Traces;

namespace Llm42.Cli.Json;

/// <summary>What `bench trace --json` writes. Times are in seconds.</summary>
internal sealed record TraceJson(
    string Schema, string Date, string Version, BenchMachineJson Machine, TraceSettingsJson Settings, IReadOnlyList<TraceRunJson> Runs)
{
    public static TraceJson Of(TraceReport report) => new(
        "llm42.bench.trace/1",
        report.Date.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture),
        CommandVersion.Current,
        BenchMachineJson.Of(report.Hardware, report.OthersShare),
        new TraceSettingsJson(
            report.Options.Trace, report.Options.Arrivals.Count, report.Options.Speed, report.Options.LengthScale, report.Options.Shape.Name,
            report.Options.Weights.Word, report.Options.Variant.Kv, report.Drafter, report.Determinism),
        [.. report.Runs.Select(TraceRunJson.Of)]);
}

/// <summary>What was asked for.</summary>
internal sealed record TraceSettingsJson(
    string Trace, int Requests, double Speed, double LengthScale, string Shape, string Weights, string Kv, string Drafter, string Determinism);

/// <summary>The trace at a share of deterministic requests.</summary>
internal sealed record TraceRunJson(
    double DeterministicShare, double ElapsedSeconds, IReadOnlyList<ServingClassJson> Classes, ServingLatencyJson ClientLag,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] double? Acceptance, double RecomputedShare)
{
    public static TraceRunJson Of(TraceRun run) => new(
        run.Share, run.Elapsed.TotalSeconds, [.. run.Classes.Select(ServingClassJson.Of)], ServingLatencyJson.Of(run.Lag)!, run.Acceptance,
        run.Statistics.RecomputedShare);
}
