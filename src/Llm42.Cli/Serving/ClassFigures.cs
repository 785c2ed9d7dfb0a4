using System.Security.Cryptography;
using System.Text;
using Llm42.Cli.Determinism;

namespace Llm42.Cli.Serving;

/// <summary>The figures of a class of requests.</summary>
internal sealed record ClassFigures
{
    /// <summary>"all", "deterministic" or "ordinary".</summary>
    public required string Name { get; init; }

    public required int Requests { get; init; }

    public required int Succeeded { get; init; }

    /// <summary>How many failed, by kind.</summary>
    public required IReadOnlyDictionary<string, int> Errors { get; init; }

    /// <summary>Tokens of the prompts of those that succeeded; null where they are not known.</summary>
    public required long? InputTokens { get; init; }

    /// <summary>Tokens of the answers.</summary>
    public required long OutputTokens { get; init; }

    /// <summary>Some answers' tokens were not counted by the server; pieces were.</summary>
    public required bool IsOutputEstimated { get; init; }

    public required double RequestsPerSecond { get; init; }

    public required double? InputTokensPerSecond { get; init; }

    public required double OutputTokensPerSecond { get; init; }

    /// <summary>Tokens of a piece of the stream, on average: above 1, an inter-token latency is that of several.</summary>
    public required double TokensPerPiece { get; init; }

    public required LatencySummary? TimeToFirstToken { get; init; }

    public required LatencySummary? InterTokenLatency { get; init; }

    public required LatencySummary? TimePerOutputToken { get; init; }

    public required LatencySummary? EndToEnd { get; init; }

    /// <summary>Sum over the answers; null where the server does not tell.</summary>
    public required VerificationCounts? Verification { get; init; }

    /// <summary>
    /// SHA-256 over the answers by their number, whatever the order and times of sending: equal where a class got the
    /// same answers to the same requests. Null where not every request has one answer.
    /// </summary>
    public required string? AnswersDigest { get; init; }

    /// <summary>The figures of a class.</summary>
    /// <param name="name">What it is called.</param>
    /// <param name="records">What became of its requests.</param>
    /// <param name="elapsed">Time that the benchmark took, above 0.</param>
    public static ClassFigures Of(string name, IReadOnlyList<RequestRecord> records, TimeSpan elapsed)
    {
        RequestRecord[] answered = [.. records.Where(record => record.Error is null)];
        long? input = answered.All(record => record.InputTokens is not null) ? answered.Sum(record => (long)record.InputTokens!.Value) : null;
        long output = answered.Sum(record => (long)record.OutputTokens);
        int pieces = answered.Sum(record => record.PieceTimes.Count);
        return new ClassFigures
        {
            Name = name,
            Requests = records.Count,
            Succeeded = answered.Length,
            Errors = new SortedDictionary<string, int>(
                records.Where(record => record.Error is not null).CountBy(record => record.Error!.Kind).ToDictionary(), StringComparer.Ordinal),
            InputTokens = input,
            OutputTokens = output,
            IsOutputEstimated = answered.Any(record => record.IsOutputEstimated),
            RequestsPerSecond = answered.Length / elapsed.TotalSeconds,
            InputTokensPerSecond = input / elapsed.TotalSeconds,
            OutputTokensPerSecond = output / elapsed.TotalSeconds,
            TokensPerPiece = pieces == 0 ? 0 : (double)output / pieces,
            TimeToFirstToken = LatencySummary.Of(answered.Select(record => record.TimeToFirstToken).OfType<TimeSpan>()),
            InterTokenLatency = LatencySummary.Of(answered.SelectMany(record => record.InterTokenLatencies)),
            TimePerOutputToken = LatencySummary.Of(answered.Select(record => record.TimePerOutputToken).OfType<TimeSpan>()),
            EndToEnd = LatencySummary.Of(answered.Select(record => record.EndToEnd)),
            Verification = VerificationOf(answered),
            AnswersDigest = DigestOf(records),
        };
    }

    private static VerificationCounts? VerificationOf(RequestRecord[] answered) =>
        answered.Any(record => record.Verification is not null)
            ? new VerificationCounts(
                answered.Sum(record => record.Verification?.Windows ?? 0),
                answered.Sum(record => record.Verification?.Rollbacks ?? 0),
                answered.Sum(record => record.Verification?.TokensRolledBack ?? 0))
            : null;

    private static string? DigestOf(IReadOnlyList<RequestRecord> records)
    {
        if (records.Count == 0 || records.Any(record => record.AnswerDigest is null))
            return null;
        var digests = records.Select(record => (record.Number, record.AnswerDigest)).Distinct().Order().ToList();
        return digests.DistinctBy(one => one.Number).Count() == digests.Count
            ? Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(string.Concat(digests.Select(one => $"{one.Number}:{one.AnswerDigest}\n")))))
            : null;
    }
}
