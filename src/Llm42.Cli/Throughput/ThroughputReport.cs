using Llm42.Cli.Machine;

namespace Llm42.Cli.Throughput;

/// <summary>A run of the benchmark.</summary>
internal sealed record ThroughputReport
{
    public required ThroughputOptions Options { get; init; }

    public required DateTimeOffset Date { get; init; }

    /// <summary>"Intel(R) Xeon(R) (cpu), avx512, 2 threads".</summary>
    public required string Hardware { get; init; }

    public required Ceilings Ceilings { get; init; }

    /// <summary>Share of the processors that others took; null where it is not known.</summary>
    public required double? OthersShare { get; init; }

    public required IReadOnlyList<ThroughputRow> Rows { get; init; }

    /// <summary>What llama.cpp did.</summary>
    public PeerReport? Peer { get; init; }

    /// <summary>The machine was not idle.</summary>
    public bool IsBusy => OthersShare > OtherLoad.Tolerance;

    /// <summary>The same load on the same engine without deterministic requests; null where it was not measured.</summary>
    public ThroughputRow? BaselineOf(ThroughputRow row) => row.Case.Share == 0
        ? null
        : Rows.FirstOrDefault(one => one.Shape == row.Shape && one.Weights == row.Weights && one.Case == row.Case with { Share = 0 });
}
