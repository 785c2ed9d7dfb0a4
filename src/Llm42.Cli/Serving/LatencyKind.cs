namespace Llm42.Cli.Serving;

/// <summary>A latency that is measured.</summary>
/// <param name="Short">As the field calls it.</param>
/// <param name="Name">In words.</param>
/// <param name="Of">The latencies of a class.</param>
internal sealed record LatencyKind(string Short, string Name, Func<ClassFigures, LatencySummary?> Of)
{
    public static readonly IReadOnlyList<LatencyKind> All =
    [
        new("TTFT", "time to first token", figures => figures.TimeToFirstToken),
        new("ITL", "inter-token latency", figures => figures.InterTokenLatency),
        new("TPOT", "time per output token", figures => figures.TimePerOutputToken),
        new("E2E", "end-to-end latency", figures => figures.EndToEnd),
    ];
}
