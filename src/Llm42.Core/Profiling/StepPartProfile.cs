namespace Llm42.Core.Profiling;

/// <summary>What one part of the steps took.</summary>
/// <param name="Part">The part.</param>
/// <param name="Calls">How often it ran.</param>
/// <param name="Time">In all.</param>
/// <param name="Flops">Operations of linear layers and attention: a multiply-add counts as two. 0 where they are not counted.</param>
/// <param name="Bytes">
/// Bytes that linear layers and attention cannot but move: weights or cached keys and values once a call, and rows in and
/// out. 0 where they are not counted.
/// </param>
public sealed record StepPartProfile(StepPart Part, long Calls, TimeSpan Time, double Flops, double Bytes)
{
    /// <summary>The part ran on the host rather than in an operator.</summary>
    public bool IsHost => Part >= StepPart.HostSchedule;

    /// <summary>What it is called in reports: "linear.qkv", "host.schedule".</summary>
    public string Name => NameOf(Part);

    /// <summary>Operations per second; null where they are not counted.</summary>
    public double? FlopsPerSecond => Flops > 0 && Time > TimeSpan.Zero ? Flops / Time.TotalSeconds : null;

    /// <summary>Bytes per second; null where they are not counted.</summary>
    public double? BytesPerSecond => Bytes > 0 && Time > TimeSpan.Zero ? Bytes / Time.TotalSeconds : null;

    private static string NameOf(StepPart part) => part switch
    {
        StepPart.CopyPage => "copy_page",
        StepPart.Embedding => "embedding",
        StepPart.RmsNorm => "rms_norm",
        StepPart.LinearQkv => "linear.qkv",
        StepPart.RopeWriteKv => "rope_write_kv",
        StepPart.Attention => "attention",
        StepPart.LinearOutput => "linear.o",
        StepPart.LinearGateUp => "linear.gate_up",
        StepPart.LinearDown => "linear.down",
        StepPart.MoeRouter => "moe.router",
        StepPart.MoeRoute => "moe.route",
        StepPart.MoePermute => "moe.permute",
        StepPart.MoeGateUp => "moe.gate_up",
        StepPart.MoeDown => "moe.down",
        StepPart.MoeCombine => "moe.combine",
        StepPart.GatherRows => "gather_rows",
        StepPart.LinearHead => "linear.lm_head",
        StepPart.Sample => "sample",
        StepPart.TopLogprobs => "top_logprobs",
        StepPart.HostSchedule => "host.schedule",
        StepPart.HostBatch => "host.batch",
        StepPart.HostLaunch => "host.launch",
        StepPart.HostResults => "host.results",
        StepPart.HostVerify => "host.verify",
        StepPart.HostPublish => "host.publish",
        _ => throw new ArgumentOutOfRangeException(nameof(part), part, "unknown part of a step"),
    };
}
