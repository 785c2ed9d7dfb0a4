namespace Llm42.Cli.Stress;

/// <summary>How much a stress check does.</summary>
internal sealed record StressOptions
{
    /// <summary>More answers than this under one configuration would be one long load and not many different ones.</summary>
    public const int MostAnswersPerConfiguration = 1000;

    /// <summary>Engines with other settings and another load, at least.</summary>
    public int Configurations { get; init; } = 500;

    /// <summary>Deterministic answers to compare in all, at least.</summary>
    public int Answers { get; init; } = 10_000;

    /// <summary>Most tokens of most answers; one in four has up to four times as many.</summary>
    public int Tokens { get; init; } = 24;

    /// <summary>Seed of the requests, the configurations and the loads.</summary>
    public ulong Seed { get; init; } = 42;

    /// <summary>Further configurations are tried until this time is over; zero for none.</summary>
    public TimeSpan Soak { get; init; }

    /// <summary>Names of the engine's options that the user gave: these stay as they are in every configuration.</summary>
    public IReadOnlySet<string> FixedOptions { get; init; } = new HashSet<string>();

    /// <summary>Deterministic answers under a configuration.</summary>
    public int AnswersPerConfiguration => (Answers + Configurations - 1) / Configurations;
}
