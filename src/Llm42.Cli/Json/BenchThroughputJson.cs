using System.Globalization;
using System.Text.Json.Serialization;
using Llm42.Cli.Machine;
using Llm42.Cli.Statistics;
using Llm42.Cli.Throughput;

namespace Llm42.Cli.Json;

/// <summary>What `bench throughput --json` writes; Throughput/README.md describes it.</summary>
internal sealed record BenchThroughputJson(
    string Schema, string Date, string Version, BenchMachineJson Machine, CeilingsJson Ceilings, ThroughputSettingsJson Settings,
    IReadOnlyList<ThroughputRowJson> Rows, IReadOnlyList<ThroughputSpreadJson> Spreads,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] ThroughputPeerJson? Peer)
{
    /// <summary>The form; another number where a reader of the old one would be misled.</summary>
    public const string CurrentSchema = "llm42.bench.throughput/1";

    public static BenchThroughputJson Of(ThroughputReport report) => new(
        CurrentSchema,
        report.Date.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture),
        CommandVersion.Current,
        BenchMachineJson.Of(report.Hardware, report.OthersShare),
        CeilingsJson.Of(report.Ceilings),
        new ThroughputSettingsJson(
            report.Options.PromptLength, report.Options.OutputLength, report.Options.Repetitions,
            report.Options.Variants[0].Window, report.Options.Variants[0].VerifyGroup, report.Options.ForcedAcceptance),
        [.. report.Rows.Select(ThroughputRowJson.Of)],
        [.. report.Rows.Select(row => ThroughputSpreadJson.Of(row, report.BaselineOf(row)))],
        ThroughputPeerJson.Of(report.Peer));
}

/// <summary>What was measured on, and whether it had anything else to do; null where that is not known.</summary>
internal sealed record BenchMachineJson(
    string Hardware, int Processors,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] bool? IsIdle,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] double? OthersShare)
{
    public static BenchMachineJson Of(string hardware, double? othersShare) =>
        new(hardware, Environment.ProcessorCount, othersShare is { } share ? share <= OtherLoad.Tolerance : null, othersShare);
}

/// <summary>What was asked for.</summary>
internal sealed record ThroughputSettingsJson(
    int PromptLength, int OutputLength, int Repetitions, int Window, int VerifyGroup,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] double? ForcedAcceptance);

/// <summary>A row: medians.</summary>
internal sealed record ThroughputRowJson(
    string Shape, string Weights, string Kv, string Drafter, string Determinism, int Batch, double DeterministicShare,
    double PrefillTokensPerSecond, double DecodeTokensPerSecond,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] double? BandwidthFraction,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] double? FmaFraction,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never), JsonPropertyName("itl_p50_ms")] double? ItlP50Ms,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never), JsonPropertyName("itl_p99_ms")] double? ItlP99Ms,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] double? Acceptance,
    double RecomputedShare)
{
    /// <summary>Where the time of the row's steps went; absent without `--profile`.</summary>
    public ProfileJson? Profile { get; init; }

    public static ThroughputRowJson Of(ThroughputRow row) => new(
        row.Shape, row.Weights, row.Case.Variant.Kv, row.Drafter, row.Determinism, row.Case.Batch, row.Case.Share, row.Prefill.Median, row.Decode.Median,
        row.BandwidthFraction, row.FmaFraction, row.Itl(0.5), row.Itl(0.99), row.Acceptance, row.RecomputedShare)
    {
        Profile = ProfileJson.Of(row.Profile),
    };
}

/// <summary>Medians and quartiles of the row of the same place.</summary>
internal sealed record ThroughputSpreadJson(
    Spread PrefillTokensPerSecond, Spread DecodeTokensPerSecond,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] Spread? DecodeOverNoDeterminism)
{
    public static ThroughputSpreadJson Of(ThroughputRow row, ThroughputRow? baseline) =>
        new(row.Prefill, row.Decode, baseline is null ? null : row.Over(baseline));
}

/// <summary>llama.cpp; the version is null where it did not run, and absent says why.</summary>
internal sealed record ThroughputPeerJson(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Version,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Absent,
    IReadOnlyList<ThroughputPeerRowJson> Rows)
{
    public static ThroughputPeerJson? Of(PeerReport? peer) => peer is null
        ? null
        : new ThroughputPeerJson(
            peer.Version, peer.Absent, [.. peer.Rows.Select(row => new ThroughputPeerRowJson(row.Shape, row.Weights, row.Batch, row.Prefill, row.Decode))]);
}

/// <summary>A shape at a load.</summary>
internal sealed record ThroughputPeerRowJson(string Shape, string Weights, int Batch, Spread PrefillTokensPerSecond, Spread DecodeTokensPerSecond);
