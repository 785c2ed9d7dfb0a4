using System.Globalization;
using Llm42.Cli.Json;
using Llm42.Cli.Machine;
using Llm42.Cli.Output;
using Llm42.Cli.Statistics;

namespace Llm42.Cli.Kernels;

/// <summary>Tells a person what was measured.</summary>
internal static class KernelReportWriter
{
    private const double MiB = 1024.0 * 1024;
    private const string Nothing = "-";

    public static void Write(KernelReport report, TextWriter writer)
    {
        KernelsJson json = KernelsJson.Of(report);
        string isa = json.Device.Isa is null ? "" : $", {json.Device.Isa}, {json.Device.Threads} threads";
        string driver = json.Device.Driver is null ? "" : $", driver {json.Device.Driver}";
        writer.WriteLine($"{json.Device.Name} ({json.Device.Backend}){isa}{driver}; numerics profile {json.Device.NumericsProfile}");
        foreach (CeilingJson ceiling in json.Ceilings.Measured)
            writer.WriteLine($"ceiling: {Rate(ceiling)} by {ceiling.MeasuredBy}");
        writer.WriteLine(report.Peer.Version is null
            ? $"PyTorch: absent ({report.Peer.Absent})"
            : $"PyTorch {report.Peer.Version} on {report.Peer.Device}, {PeerRun.Dtype}{(report.Peer.Absent is null ? "" : $"; {report.Peer.Absent}")}");
        writer.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"Medians per launch, ± half the distance between the quartiles; weights, keys and values are read cold; at most {json.Memory.Peak / MiB:0} MiB were held."));
        if (report.Device.FastIsInvariant)
            writer.WriteLine("Fast and invariant numerics coincide here, so only invariant ones were measured.");
        writer.WriteLine();

        foreach (IGrouping<string, KernelCaseJson> group in json.Cases.GroupBy(one => one.Operator))
        {
            var table = new TextTable(
                writer, group.Key, "invariant us", "fast us", "inv./fast", "GB/s", "TFLOP/s", "of ceiling", "inv./PyTorch", "fast/PyTorch");
            foreach (KernelCaseJson one in group)
            {
                if (one.Invariant is not { } invariant)
                    continue;
                KernelTimingJson best = one.Fast is { } fast && fast.Seconds.Median < invariant.Seconds.Median ? fast : invariant;
                table.AddRow(
                    one.Shape.ToString(),
                    Spread(invariant.Seconds, 1e6, "0.0"),
                    Spread(one.Fast?.Seconds, 1e6, "0.0"),
                    Spread(one.InvariantOverFast, 1, "0.000"),
                    Number(best.GigabytesPerSecond, "0.0"),
                    one.Flops > 0 ? Number(best.TeraflopsPerSecond, "0.000") : Nothing,
                    best.FractionOfCeiling is null ? Nothing : $"{Number(best.FractionOfCeiling, "0.00")} {best.Bound}",
                    Number(one.InvariantOverPeer, "0.00"),
                    Number(one.FastOverPeer, "0.00"));
            }

            table.Write();
            foreach (KernelCaseJson one in group.Where(one => one.Skipped is not null))
                writer.WriteLine($"skipped: {one.Shape}: {one.Skipped}");
            writer.WriteLine();
        }

        writer.WriteLine("GB/s, TFLOP/s and the share of the ceiling are those of the faster numerics.");
    }

    private static string Rate(CeilingJson ceiling) => ceiling.Kind == KernelWords.Name(CeilingKind.Memory)
        ? $"{Number(ceiling.PerSecond / 1e9, "0.0")} GB/s"
        : $"{Number(ceiling.PerSecond / 1e12, "0.000")} TFLOP/s";

    private static string Spread(Spread? spread, double scale, string format) => spread is null
        ? Nothing
        : $"{Number(spread.Median * scale, format)} ±{Number((spread.UpperQuartile - spread.LowerQuartile) / 2 / spread.Median, "0%")}";

    private static string Number(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? Nothing;
}
