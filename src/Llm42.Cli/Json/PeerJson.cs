namespace Llm42.Cli.Json;

/// <summary>What Kernels/peer.py reads.</summary>
internal sealed record PeerRequestJson(
    string Device, int Threads, double Seconds, double SampleSeconds, long ColdBytes, IReadOnlyList<PeerCaseJson> Cases);

/// <summary>One shape: kind is matmul, attention or copy.</summary>
internal sealed record PeerCaseJson(
    int Id, string Kind, int? M = null, int? N = null, int? K = null, int? Elements = null, int? Sequences = null, int? Rows = null,
    int? Context = null, int? QueryHeads = null, int? KvHeads = null, int? HeadSize = null);

/// <summary>A line that Kernels/peer.py writes: who it is first, then seconds per launch or an error of each case.</summary>
internal sealed record PeerLineJson(
    string? Version = null, string? Device = null, int? Id = null, IReadOnlyList<double>? Samples = null, string? Error = null);
