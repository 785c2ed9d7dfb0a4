using Llm42.Cli.Synthetic;
using System.Globalization;
using System.Text.Json.Serialization;
using Llm42.Cli.Kernels;
using Llm42.Cli.Machine;
using Llm42.Cli.Options;
using Llm42.Cli.Statistics;
using Llm42.Native;

namespace Llm42.Cli.Json;

/// <summary>What `bench kernels --json` writes; Kernels/README.md describes it.</summary>
internal sealed record KernelsJson(
    string Schema, string Date, string Version, KernelDeviceJson Device, KernelSettingsJson Settings, KernelMemoryJson Memory,
    KernelPeerJson Peer, CeilingsJson Ceilings, IReadOnlyList<KernelCaseJson> Cases)
{
    /// <summary>The form; another number where a reader of the old one would be misled.</summary>
    public const string CurrentSchema = "llm42.bench.kernels/1";

    public static KernelsJson Of(KernelReport report) => new(
        CurrentSchema,
        report.Started.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture),
        CommandVersion.Current,
        KernelDeviceJson.Of(report),
        new KernelSettingsJson(
            report.Options.Operators, report.Options.Models, report.Options.Rows, report.Options.Seconds, LaunchTimer.MethodOf(report.Device),
            KernelDevice.ColdBytesOf(report.Device.Backend)),
        new KernelMemoryJson(report.Device.MemoryLimit, report.Device.MemoryPeak),
        new KernelPeerJson(report.Peer.Version, report.Peer.Device, report.Peer.Version is null ? null : PeerRun.Dtype, report.Peer.Absent),
        CeilingsJson.Of(report.Ceilings),
        [.. report.Outcomes.Select(outcome => KernelCaseJson.Of(outcome, report))]);
}

/// <summary>What was measured on. Null: not known.</summary>
internal sealed record KernelDeviceJson(
    string Backend, string Name, string NumericsProfile, string ActivationDtype, bool FastIsInvariant, int Threads, int PlannedThreads,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Isa,
    long MemoryTotal,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Driver,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Runtime)
{
    public static KernelDeviceJson Of(KernelReport report)
    {
        NativeDeviceInfo device = report.Device;
        return new KernelDeviceJson(
            device.Backend, device.Name, device.Profile, device.ActivationType == DType.F32 ? "f32" : "bf16", device.FastIsInvariant,
            device.Threads, device.PlannedThreads, device.Backend == "cpu" ? EngineWords.Name(device.Isa) : null, device.MemoryTotal,
            report.Driver, Runtime: null);
    }
}

/// <summary>What was asked for.</summary>
internal sealed record KernelSettingsJson(
    IReadOnlyList<string> Operators, IReadOnlyList<string> Models, IReadOnlyList<int> Rows, double Seconds, string Launches, long ColdBytes);

/// <summary>Bytes: the limit (0 for none) and the most that was held.</summary>
internal sealed record KernelMemoryJson(long Limit, long Peak);

/// <summary>PyTorch; all null but for the reason where it did not run.</summary>
internal sealed record KernelPeerJson(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? PytorchVersion,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Device,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Dtype,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Absent);

/// <summary>The highest ceilings of the run, and all that were measured.</summary>
internal sealed record CeilingsJson(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] double? GigabytesPerSecond,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] double? TeraflopsPerSecond,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), JsonPropertyName("int8_teraops_per_second")] double? Int8TeraopsPerSecond,
    IReadOnlyList<CeilingJson> Measured)
{
    public static CeilingsJson Of(Ceilings ceilings) => new(
        ceilings.Memory?.PerSecond / 1e9,
        ceilings.Compute?.PerSecond / 1e12,
        ceilings.Int8?.PerSecond / 1e12,
        [.. ceilings.Measured.Select(ceiling => new CeilingJson(KernelWords.Name(ceiling.Kind), ceiling.MeasuredBy, ceiling.PerSecond))]);
}

/// <summary>A ceiling: bytes or operations per second.</summary>
internal sealed record CeilingJson(string Kind, string MeasuredBy, double PerSecond);

/// <summary>An operator at a shape.</summary>
internal sealed record KernelCaseJson(
    string Operator, IReadOnlyList<string> Models, KernelShape Shape, double Flops, double Bytes, int Copies, long MemoryBytes,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Skipped,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] KernelTimingJson? Invariant,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] KernelTimingJson? Fast,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] Spread? InvariantOverFast,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] Spread? PeerSeconds,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] double? InvariantOverPeer,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] double? FastOverPeer,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? PeerError)
{
    public static KernelCaseJson Of(KernelOutcome outcome, KernelReport report)
    {
        KernelCase one = outcome.Case;
        double bytes = one.Bytes(report.ActivationSize);
        Spread? peer = report.Peer.Seconds.GetValueOrDefault(one);
        return new KernelCaseJson(
            one.Operator, one.Models, one.Shape, one.Flops, bytes, outcome.Copies, outcome.MemoryBytes, outcome.Skipped,
            KernelTimingJson.Of(outcome.Invariant, one.Flops, bytes, report.Ceilings),
            KernelTimingJson.Of(outcome.Fast, one.Flops, bytes, report.Ceilings),
            outcome.InvariantOverFast,
            peer,
            outcome.Invariant?.Seconds.Median / peer?.Median,
            outcome.Fast?.Seconds.Median / peer?.Median,
            report.Peer.Errors.GetValueOrDefault(one));
    }
}

/// <summary>A launch.</summary>
internal sealed record KernelTimingJson(
    Spread Seconds, double HostSeconds, int LaunchesPerSample, int Samples, double GigabytesPerSecond, double TeraflopsPerSecond,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Bound,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] double? FractionOfCeiling)
{
    public static KernelTimingJson? Of(KernelTiming? timing, double flops, double bytes, Ceilings ceilings)
    {
        if (timing is null)
            return null;
        double median = timing.Seconds.Median;
        (double Seconds, CeilingKind Bound)? least = ceilings.LeastSeconds(bytes, flops);
        return new KernelTimingJson(
            timing.Seconds, timing.HostSeconds, timing.Launches, timing.Samples, bytes / median / 1e9, flops / median / 1e12,
            least is null ? null : KernelWords.Name(least.Value.Bound), least?.Seconds / median);
    }
}

/// <summary>What `bench kernels --list --json` writes.</summary>
internal sealed record KernelListJson(
    string Schema, IReadOnlyList<ModelShape> Models, IReadOnlyDictionary<string, string> Operators, IReadOnlyList<int> Rows,
    IReadOnlyList<KernelListCaseJson> Cases)
{
    public const string CurrentSchema = "llm42.bench.kernels.list/1";

    public static KernelListJson Of(IReadOnlyList<KernelCase> cases) => new(
        CurrentSchema, ModelShape.All, KernelOperator.All, KernelCatalogue.Rows,
        [.. cases.Select(one => new KernelListCaseJson(one.Operator, one.Models, one.Shape, one.Flops))]);
}

/// <summary>A case that would be measured.</summary>
internal sealed record KernelListCaseJson(string Operator, IReadOnlyList<string> Models, KernelShape Shape, double Flops);
