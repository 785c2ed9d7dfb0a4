namespace Llm42.Cli.Throughput;

/// <summary>What llama.cpp did with the same shapes.</summary>
/// <param name="Version">Of the package; null where it did not run.</param>
/// <param name="Absent">Why it did not run, or not to its end; null if it did.</param>
/// <param name="Rows">Its figures.</param>
internal sealed record PeerReport(string? Version, string? Absent, IReadOnlyList<PeerRow> Rows);

/// <summary>A shape at a load.</summary>
/// <param name="Shape">The model.</param>
/// <param name="Weights">How its weights are stored, in words of GGUF.</param>
/// <param name="Batch">Sequences at once.</param>
/// <param name="Samples">Tokens per second of each repetition.</param>
internal sealed record PeerRow(string Shape, string Weights, int Batch, IReadOnlyList<PeerSample> Samples)
{
    public Statistics.Spread Prefill => Statistics.Spread.Of(Samples.Select(sample => sample.PrefillTokensPerSecond));

    public Statistics.Spread Decode => Statistics.Spread.Of(Samples.Select(sample => sample.DecodeTokensPerSecond));
}

/// <summary>A repetition.</summary>
internal sealed record PeerSample(double PrefillTokensPerSecond, double DecodeTokensPerSecond);
