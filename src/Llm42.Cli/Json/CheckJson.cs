using Llm42.Cli.Determinism;

namespace Llm42.Cli.Json;

/// <summary>What `check --json` and `demo --json` write.</summary>
internal sealed record CheckJson(
    bool Pass, IReadOnlyList<string> Failures, ModelJson Model, CheckOptionsJson Options,
    IReadOnlyList<CheckSectionJson> Sections, IReadOnlyList<ThroughputJson> Throughput, ExplainJson? Explain)
{
    public static CheckJson Of(CheckReport report) => new(
        report.IsPass,
        report.Failures,
        ModelJson.Of(report.Model),
        new CheckOptionsJson(
            report.Options.PromptIds, report.Options.Runs, report.Options.Tokens, report.Options.Neighbours, report.Options.Seed,
            report.Options.Repetitions),
        [.. report.Sections.Select(CheckSectionJson.Of)],
        [.. report.Throughput.Select(ThroughputJson.Of)],
        report.Options.Explain ? ExplainJson.Of(report) : null);
}

/// <summary>What the check was asked to do.</summary>
internal sealed record CheckOptionsJson(
    IReadOnlyList<int> PromptIds, int Runs, int Tokens, int Neighbours, ulong Seed, int Repetitions);

/// <summary>The rows of one engine.</summary>
internal sealed record CheckSectionJson(string Name, EngineJson Engine, IReadOnlyList<CheckRowJson> Rows)
{
    public static CheckSectionJson Of(CheckSection section) =>
        new(section.Name, EngineJson.Of(section.Engine), [.. section.Rows.Select(CheckRowJson.Of)]);
}

/// <summary>Many answers to one prompt in one mode.</summary>
internal sealed record CheckRowJson(
    bool IsDeterministic, float Temperature, int Runs, int DistinctTokenIds, int DistinctOutputs, int NumVerificationWindows,
    int NumRollbacks, int TokensRolledBack, double TokensPerSecond, FirstMismatch? FirstMismatch)
{
    public static CheckRowJson Of(CheckRow row) => new(
        row.IsDeterministic, row.Temperature, row.Runs, row.DistinctTokenIds, row.DistinctOutputs, row.VerificationWindows,
        row.Rollbacks, row.TokensRolledBack, row.TokensPerSecond, row.FirstMismatch);
}

/// <summary>Medians of tokens per second, and of the ratios of neighbouring pairs.</summary>
internal sealed record ThroughputJson(
    string Drafter, int Concurrency, double TokensPerSecond, double DeterministicTokensPerSecond, double Ratio,
    IReadOnlyList<double> Ratios)
{
    public static ThroughputJson Of(ThroughputFigure figure) => new(
        figure.Drafter, figure.Concurrency, figure.FastMedian, figure.DeterministicMedian, figure.Ratio, figure.Ratios);
}
