using System.Globalization;
using Llm42.Cli.Machine;
using Llm42.Cli.Output;
using Llm42.Cli.Statistics;
using Llm42.Cli.Synthetic;

namespace Llm42.Cli.Throughput;

/// <summary>Tells a person what was measured.</summary>
internal static class ThroughputWriter
{
    /// <summary>Columns of <see cref="Rows"/>.</summary>
    public static readonly IReadOnlyList<string> Columns =
    [
        "shape", "weights", "kv", "determinism", "drafter", "batch", "share", "prefill tok/s", "decode tok/s", "over share 0", "bandw.", "FMA", "ITL P50", "P99", "accepted", "recomp.",
    ];

    /// <summary>Columns of <see cref="PeerRows"/>.</summary>
    public static readonly IReadOnlyList<string> PeerColumns =
        ["shape", "weights", "batch", "prefill tok/s", "decode tok/s", "our share", "our prefill over it", "our decode over it"];

    public static void Write(ThroughputReport report, TextWriter writer)
    {
        WriteMachine(report.Hardware, report.Ceilings, report.OthersShare, writer);
        writer.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"Prompts of {report.Options.PromptLength} tokens, answers of {report.Options.OutputLength}; medians of {report.Options.Repetitions} repetitions in turns, ± half the distance between the quartiles; ITL in ms."));
        if (report.Options.ForcedAcceptance is { } share)
        {
            writer.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"FORCED: a draft counts as right by a chance of {share:0.####}, whatever the verifier says. These are figures of speed; the answers behind them are not the model's."));
        }

        writer.WriteLine();
        var table = new TextTable(writer, [.. Columns]);
        foreach (string[] row in Rows(report))
            table.AddRow(row);
        table.Write();
        foreach (ThroughputRow row in report.Rows)
        {
            if (row.Profile is { } profile)
                ProfileWriter.Write(profile, $"{row.Shape} {row.Weights}, {row.Case.Variant.Name}, batch {row.Case.Batch}, share {Number(row.Case.Share, "0.##%")}: ", writer);
        }

        if (report.Peer is not { } peer)
            return;
        writer.WriteLine();
        writer.WriteLine(peer.Version is null
            ? $"llama.cpp: skipped ({peer.Absent})"
            : $"llama.cpp by {peer.Version}{(peer.Absent is null ? "" : $"; {peer.Absent}")}");
        if (peer.Rows.Count == 0)
            return;
        table = new TextTable(writer, [.. PeerColumns]);
        foreach (string[] row in PeerRows(report))
            table.AddRow(row);
        table.Write();
    }

    /// <summary>The hardware, the ceilings, and whether the machine was idle.</summary>
    public static void WriteMachine(string hardware, Ceilings ceilings, double? othersShare, TextWriter writer)
    {
        writer.WriteLine(hardware);
        foreach (string line in MachineLines(ceilings, othersShare))
            writer.WriteLine(line);
    }

    /// <summary>The ceilings, and whether the machine was idle.</summary>
    public static IEnumerable<string> MachineLines(Ceilings ceilings, double? othersShare)
    {
        foreach (Ceiling ceiling in ceilings.Measured)
        {
            yield return ceiling.Kind switch
            {
                CeilingKind.Memory => string.Create(CultureInfo.InvariantCulture, $"ceiling: {ceiling.PerSecond / 1e9:0.0} GB/s by {ceiling.MeasuredBy}"),
                CeilingKind.Int8 => string.Create(CultureInfo.InvariantCulture, $"ceiling: {ceiling.PerSecond / 1e9:0} GOP/s by {ceiling.MeasuredBy}"),
                _ => string.Create(CultureInfo.InvariantCulture, $"ceiling: {ceiling.PerSecond / 1e9:0} GFLOP/s by {ceiling.MeasuredBy}"),
            };
        }

        yield return othersShare switch
        {
            null => "Whether the machine had anything else to do is not known here.",
            > OtherLoad.Tolerance => string.Create(
                CultureInfo.InvariantCulture, $"NOT IDLE: other processes took {othersShare:0%} of the processors while this was measured; the figures are too low."),
            _ => string.Create(CultureInfo.InvariantCulture, $"The machine was idle: other processes took {othersShare:0.0%} of the processors."),
        };
    }

    /// <summary>What llama.cpp did, and the engine's fully deterministic rows over it: prefill and decoding.</summary>
    public static IEnumerable<string[]> PeerRows(ThroughputReport report)
    {
        foreach (PeerRow peer in report.Peer?.Rows ?? [])
        {
            // Rows of the same weights, or of those next to them; where the engine has none such, of none.
            ThroughputRow? row = report.Rows.Where(row => row.Shape == peer.Shape && PeerWeightsOf(row) == peer.Weights && row.Case.Batch == peer.Batch)
                .MaxBy(row => row.Case.Share);
            yield return
            [
                peer.Shape, peer.Weights, Number(peer.Batch, "0"), Number(peer.Prefill, "0.0"), Number(peer.Decode, "0.0"),
                Number(row?.Case.Share, "0.##%"), Number(row?.Prefill.Median / peer.Prefill.Median, "0.00"), Number(row?.Decode.Median / peer.Decode.Median, "0.00"),
            ];
        }
    }

    /// <summary>The rows as text.</summary>
    public static IEnumerable<string[]> Rows(ThroughputReport report) => report.Rows.Select(row => (string[])
    [
        row.Shape, row.Weights, row.Case.Variant.Kv, row.Determinism, row.Drafter, Number(row.Case.Batch, "0"), Number(row.Case.Share, "0.##%"),
        Number(row.Prefill, "0.0"), Number(row.Decode, "0.0"), report.BaselineOf(row) is { } baseline ? Number(row.Over(baseline), "0.000") : "-",
        Number(row.BandwidthFraction, "0.00"), Number(row.FmaFraction, "0.00"), Number(row.Itl(0.5), "0.00"), Number(row.Itl(0.99), "0.00"),
        row.Acceptance is null || report.Options.ForcedAcceptance is null ? Number(row.Acceptance, "0.000") : $"{Number(row.Acceptance, "0.000")} forced",
        Number(row.RecomputedShare, "0.0%"),
    ]);

    private static string PeerWeightsOf(ThroughputRow row) =>
        WeightFormat.OfEngine.FirstOrDefault(format => format.Word == row.Weights)?.Peer.Word ?? row.Weights;

    private static string Number(Spread spread, string format) => $"{Number(spread.Median, format)} ±{Number((spread.UpperQuartile - spread.LowerQuartile) / 2 / spread.Median, "0%")}";

    private static string Number(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? "-";
}
