using System.Security.Cryptography;
using System.Text;
using Llm42.Cli.Determinism;
using Llm42.Cli.Remote;

namespace Llm42.Cli.Serving;

/// <summary>What became of a request. Times are from the start of the benchmark.</summary>
internal sealed record RequestRecord
{
    /// <summary>Which of the selected requests it was.</summary>
    public required int Number { get; init; }

    public required bool IsDeterministic { get; init; }

    /// <summary>When it was to be sent. Latencies count from here, so that a late client does not hide them.</summary>
    public required TimeSpan ScheduledAt { get; init; }

    /// <summary>When it was sent.</summary>
    public required TimeSpan SentAt { get; init; }

    /// <summary>When it had ended, well or not.</summary>
    public required TimeSpan EndedAt { get; init; }

    /// <summary>When each piece that bears tokens came.</summary>
    public IReadOnlyList<TimeSpan> PieceTimes { get; init; } = [];

    /// <summary>Tokens of the prompt; null where nobody counted them.</summary>
    public int? InputTokens { get; init; }

    /// <summary>Tokens of the answer.</summary>
    public int OutputTokens { get; init; }

    /// <summary>The server did not count the answer's tokens; its pieces were counted.</summary>
    public bool IsOutputEstimated { get; init; }

    public VerificationCounts? Verification { get; init; }

    /// <summary>SHA-256 of the answer's text; null without an answer.</summary>
    public string? AnswerDigest { get; init; }

    /// <summary>Why there is no answer; null where there is one.</summary>
    public RemoteError? Error { get; init; }

    /// <summary>How late the client sent it.</summary>
    public TimeSpan Lag => SentAt - ScheduledAt;

    /// <summary>From the scheduled sending to the end.</summary>
    public TimeSpan EndToEnd => EndedAt - ScheduledAt;

    /// <summary>From the scheduled sending to the first token; null for an empty answer.</summary>
    public TimeSpan? TimeToFirstToken => PieceTimes.Count > 0 ? PieceTimes[0] - ScheduledAt : null;

    /// <summary>From the first token to the last, by the tokens behind the first; null below two tokens.</summary>
    public TimeSpan? TimePerOutputToken => OutputTokens > 1 && PieceTimes.Count > 0
        ? (PieceTimes[^1] - PieceTimes[0]) / (OutputTokens - 1)
        : null;

    /// <summary>What the reader waits between pieces.</summary>
    public IEnumerable<TimeSpan> InterTokenLatencies => PieceTimes.Skip(1).Select((time, i) => time - PieceTimes[i]);

    public static string DigestOf(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
