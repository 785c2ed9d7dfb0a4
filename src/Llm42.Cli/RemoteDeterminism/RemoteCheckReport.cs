using System.Globalization;
using Llm42.Cli.Determinism;

namespace Llm42.Cli.RemoteDeterminism;

/// <summary>What a check of a server found.</summary>
internal sealed record RemoteCheckReport
{
    public required string BaseUrl { get; init; }

    public required string Model { get; init; }

    /// <summary>All that were seen; more than one tells that the server was changed meanwhile.</summary>
    public required IReadOnlyList<string> SystemFingerprints { get; init; }

    public required RemoteCheckOptions Options { get; init; }

    public required IReadOnlyList<RemoteCheckRow> Rows { get; init; }

    public required NeighbourCounts Neighbours { get; init; }

    /// <summary>What answers are compared by: "token ids", "tokens" or "characters".</summary>
    public required string Unit { get; init; }

    /// <summary>Why the server gives no log-probabilities; null where it does.</summary>
    public string? NoLogprobs { get; init; }

    /// <summary>The server said of an answer that it was not deterministic.</summary>
    public bool IsDeniedDeterminism { get; init; }

    /// <summary>The server said of the answers that they were deterministic.</summary>
    public bool IsConfirmedDeterminism { get; init; }

    /// <summary>Every run of a prompt at a temperature has the same output.</summary>
    public bool IsPass => Failures.Count == 0;

    /// <summary>Why the check does not pass, in words.</summary>
    public IReadOnlyList<string> Failures
    {
        get
        {
            var failures = new List<string>();
            foreach (RemoteCheckRow row in Rows)
            {
                string place = string.Create(CultureInfo.InvariantCulture, $"prompt {row.Prompt} at temperature {row.Row.Temperature}");
                if (DistinctOf(row.Row) is > 1 and int distinct)
                    failures.Add($"{distinct} distinct outputs in {row.Row.Runs} runs of {place}; {InWords(row.Row.FirstMismatch!)}");
                if (row.Errors.Count > 0)
                    failures.Add($"{row.Errors.Count} of {row.Runs} runs of {place} have no answer; run {row.Errors[0].Run}: {row.Errors[0].Error.Message}");
            }

            if (Options.IsDeterministic && IsDeniedDeterminism)
                failures.Add("the server answered a request for determinism without it");
            if (Neighbours.Served == 0 && Neighbours.Errors.Count > 0)
                failures.Add($"no request of the load was served ({Kinds}), so nothing was shown");
            return failures;
        }
    }

    /// <summary>What bears on the verdict, in words.</summary>
    public IReadOnlyList<string> Notes
    {
        get
        {
            var notes = new List<string>();
            if (NoLogprobs is not null)
                notes.Add($"No log-probabilities were compared: {NoLogprobs}.");
            if (Options.IsDeterministic && !IsConfirmedDeterminism && !IsDeniedDeterminism)
                notes.Add("The server does not confirm is_deterministic; it may know no such field.");
            if (SystemFingerprints.Count > 1)
                notes.Add($"The server's system_fingerprint changed meanwhile: {string.Join(", ", SystemFingerprints)}.");
            if (Neighbours.Errors.Count > 0)
                notes.Add($"Requests of the load that failed: {Kinds}; served: {Neighbours.Served}.");
            return notes;
        }
    }

    private string Kinds => string.Join(", ", Neighbours.Errors.Select(error => $"{error.Value} {error.Key}"));

    private int DistinctOf(CheckRow row) => Options.ComparesLogprobs ? row.DistinctOutputs : row.DistinctTokenIds;

    private string InWords(FirstMismatch mismatch) => mismatch.IsLogprob
        ? $"the texts agree, but the log-probability of token {mismatch.Position} of run {mismatch.Run} has other bits than in run 0"
        : $"run {mismatch.Run} first differs from run 0 at {(Unit == "characters" ? "character" : "token")} {mismatch.Position}: "
            + $"{Quote(mismatch.Actual)} instead of {Quote(mismatch.Expected)}";

    private static string Quote(string? unit) => unit is null ? "the end" : $"\"{unit.ReplaceLineEndings("\\n")}\"";
}
