using Llm42.Cli.Stress;

namespace Llm42.Cli.Json;

/// <summary>What `check --stress --json` writes.</summary>
/// <param name="Pass">No deterministic answer differs, the control's answers do, and nothing failed.</param>
/// <param name="Failures">What speaks against it, in words.</param>
/// <param name="Answers">Deterministic answers compared.</param>
/// <param name="Configurations">Engines with other settings and another load.</param>
/// <param name="Differing">Answers whose token ids or bits of log-probabilities differ from the idle engine's.</param>
/// <param name="ControlAnswers">Answers of the control: a random model without determinism.</param>
/// <param name="ControlDiffering">Those of them that differ.</param>
/// <param name="ControlDeterministicAnswers">Answers of the random model with determinism.</param>
/// <param name="ControlDeterministicDiffering">Those of them that differ.</param>
/// <param name="Seed">Seed of it all.</param>
/// <param name="MaxTokens">Most tokens of most answers.</param>
/// <param name="Tokens">Tokens compared.</param>
/// <param name="ElapsedSeconds">Time that it all took.</param>
/// <param name="RepeatedAnswers">Answers to a request that had come to the same engine before.</param>
/// <param name="CancelledAnswers">Cancelled answers, compared as far as they came; not among <paramref name="Answers"/>.</param>
/// <param name="Neighbours">Ordinary requests that ran to their end beside them.</param>
/// <param name="NumVerificationWindows">Windows that a verify pass replayed.</param>
/// <param name="NumRollbacks">Windows of which something was rolled back.</param>
/// <param name="NumForcedRollbacks">Those of them under configurations that force mismatches.</param>
/// <param name="TokensRolledBack">Drafts rolled back.</param>
/// <param name="ControlDeterministicRollbacks">Windows of the random model of which something was rolled back.</param>
/// <param name="NumPreemptions">Times that a compared request lost its KV pages.</param>
/// <param name="CachedTokens">Prompt tokens found in the prefix cache.</param>
/// <param name="Dimensions">How many configurations had which value of which dimension.</param>
/// <param name="Differences">The first differences.</param>
/// <param name="Model">The model.</param>
/// <param name="Engine">The idle engine.</param>
internal sealed record StressJson(
    bool Pass, IReadOnlyList<string> Failures, int Answers, int Configurations, int Differing, int ControlAnswers, int ControlDiffering,
    int ControlDeterministicAnswers, int ControlDeterministicDiffering, ulong Seed, int MaxTokens, long Tokens, double ElapsedSeconds,
    int RepeatedAnswers, int CancelledAnswers, int Neighbours, long NumVerificationWindows, long NumRollbacks, long NumForcedRollbacks,
    long TokensRolledBack, long ControlDeterministicRollbacks, long NumPreemptions, long CachedTokens,
    IReadOnlyDictionary<string, IReadOnlyDictionary<string, int>> Dimensions, IReadOnlyList<StressDifferenceJson> Differences,
    ModelJson Model, EngineJson Engine)
{
    public static StressJson Of(StressReport report) => new(
        report.IsPass, report.Failures, report.Totals.Answers, report.Totals.Configurations, report.Totals.Differing,
        report.Control.Answers, report.Control.Differing, report.ControlWithDeterminism.Answers, report.ControlWithDeterminism.Differing,
        report.Options.Seed, report.Options.Tokens, report.Totals.Tokens, Math.Round(report.Elapsed.TotalSeconds, 1),
        report.Totals.RepeatedAnswers, report.Totals.CancelledAnswers, report.Totals.Neighbours, report.Totals.VerificationWindows,
        report.Totals.Rollbacks, report.Totals.ForcedRollbacks, report.Totals.TokensRolledBack, report.ControlWithDeterminism.Rollbacks,
        report.Totals.Preemptions, report.Totals.CachedTokens, report.Totals.Dimensions,
        [
            .. report.Totals.Differences.Select(difference => StressDifferenceJson.Of(difference, isControl: false)),
            .. report.ControlWithDeterminism.Differences.Select(difference => StressDifferenceJson.Of(difference, isControl: true)),
        ],
        ModelJson.Of(report.Model), EngineJson.Of(report.Engine));
}

/// <summary>A deterministic answer that is not the idle engine's.</summary>
internal sealed record StressDifferenceJson(
    bool IsControl, int Configuration, int Request, int Repetition, int Position, string Expected, string Actual,
    IReadOnlyDictionary<string, string> Settings)
{
    public static StressDifferenceJson Of(StressDifference difference, bool isControl) => new(
        isControl, difference.Configuration.Number, difference.Request, difference.Repetition, difference.Position, difference.Expected,
        difference.Actual, difference.Configuration.Settings.ToDictionary());
}
