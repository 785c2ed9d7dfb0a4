using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Llm42.Cli.Determinism;
using Llm42.Cli.Remote;
using Llm42.Cli.Serving;

namespace Llm42.Cli.Json;

/// <summary>What `bench serve --json` writes. Times are in seconds.</summary>
internal sealed record ServingJson(
    string Schema, DateTimeOffset Date, string BaseUrl, string Model, ServingOptionsJson Options, double ElapsedSeconds,
    IReadOnlyList<ServingClassJson> Classes, ServingLatencyJson ClientLag, bool IsClientLate, ServerTotals? Server,
    IReadOnlyList<string> Notes, IReadOnlyList<ServingRequestJson>? Requests)
{
    public static ServingJson Of(ServingReport report, bool hasRequests) => new(
        "llm42.bench.serve/1",
        report.Date,
        report.BaseUrl,
        report.Model,
        ServingOptionsJson.Of(report.Server, report.Options),
        report.Elapsed.TotalSeconds,
        [.. report.Classes.Select(ServingClassJson.Of)],
        ServingLatencyJson.Of(report.Lag)!,
        report.IsClientLate,
        report.ServerTotals,
        report.Notes,
        hasRequests ? [.. report.Records.Select(ServingRequestJson.Of)] : null);
}

/// <summary>What the benchmark was asked to do.</summary>
internal sealed record ServingOptionsJson(
    string Endpoint, JsonObject? ExtraBody, JsonObject? DeterministicBody, double? RequestRate, int? Concurrency, int NumRequests, double? DurationSeconds, double DeterministicShare, string? Prompts,
    string? InputLength, string OutputLength, bool IgnoreEos, float Temperature, int Warmup, ServingSeedsJson Seeds)
{
    public static ServingOptionsJson Of(RemoteOptions server, ServingOptions options) => new(
        server.Endpoint == RemoteEndpoint.Chat ? "chat" : "completions",
        server.ExtraBody,
        options.DeterministicShare > 0 ? options.DeterministicBody : null,
        options.RequestRate,
        options.RequestRate is null ? options.Concurrency : null,
        options.NumRequests,
        options.Duration?.TotalSeconds,
        options.DeterministicShare,
        options.PromptFile is { } file ? Path.GetFileName(file) : null,
        options.PromptFile is null ? options.InputLength.Text : null,
        options.OutputLength.Text,
        options.IgnoreEos,
        options.Temperature,
        options.Warmup,
        new ServingSeedsJson(options.Seeds.Selection, options.Seeds.Order, options.Seeds.Arrival, options.Seeds.Determinism));
}

/// <summary>The seeds.</summary>
internal sealed record ServingSeedsJson(ulong Select, ulong Order, ulong Arrival, ulong Deterministic);

/// <summary>The figures of a class of requests.</summary>
internal sealed record ServingClassJson(
    string Class, int Requests, int Succeeded, IReadOnlyDictionary<string, int> Errors, long? InputTokens, long OutputTokens,
    bool IsOutputEstimated, double RequestsPerSecond, double? InputTokensPerSecond, double OutputTokensPerSecond, double TokensPerPiece,
    ServingLatencyJson? Ttft, ServingLatencyJson? Itl, ServingLatencyJson? Tpot, ServingLatencyJson? E2e,
    VerificationCountsJson? Verification, string? AnswersDigest)
{
    public static ServingClassJson Of(ClassFigures figures) => new(
        figures.Name, figures.Requests, figures.Succeeded, figures.Errors, figures.InputTokens, figures.OutputTokens,
        figures.IsOutputEstimated, figures.RequestsPerSecond, figures.InputTokensPerSecond, figures.OutputTokensPerSecond,
        figures.TokensPerPiece, ServingLatencyJson.Of(figures.TimeToFirstToken), ServingLatencyJson.Of(figures.InterTokenLatency),
        ServingLatencyJson.Of(figures.TimePerOutputToken), ServingLatencyJson.Of(figures.EndToEnd),
        VerificationCountsJson.Of(figures.Verification), figures.AnswersDigest);
}

/// <summary>Latencies of a kind.</summary>
internal sealed record ServingLatencyJson(int Count, double Mean, double P50, double P90, double P99, double Max)
{
    public static ServingLatencyJson? Of(LatencySummary? latency) => latency is null
        ? null
        : new ServingLatencyJson(latency.Count, latency.Mean, latency.P50, latency.P90, latency.P99, latency.Max);
}

/// <summary>What it took to verify.</summary>
internal sealed record VerificationCountsJson(int NumVerificationWindows, int NumRollbacks, int TokensRolledBack)
{
    public static VerificationCountsJson? Of(VerificationCounts? counts) =>
        counts is { } given ? new VerificationCountsJson(given.Windows, given.Rollbacks, given.TokensRolledBack) : null;
}

/// <summary>What became of a request.</summary>
internal sealed record ServingRequestJson(
    int Number, bool IsDeterministic, double Scheduled, double Sent, double Ended, double? Ttft, double? Tpot, int? InputTokens,
    int OutputTokens, [property: JsonPropertyName("answer_sha256")] string? AnswerSha256, string? Error, string? Message)
{
    public static ServingRequestJson Of(RequestRecord record) => new(
        record.Number, record.IsDeterministic, record.ScheduledAt.TotalSeconds, record.SentAt.TotalSeconds, record.EndedAt.TotalSeconds,
        record.TimeToFirstToken?.TotalSeconds, record.TimePerOutputToken?.TotalSeconds, record.InputTokens, record.OutputTokens,
        record.AnswerDigest, record.Error?.Kind, record.Error?.Message);
}
