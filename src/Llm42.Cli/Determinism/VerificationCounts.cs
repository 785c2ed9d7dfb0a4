using Llm42.Core.Requests;

namespace Llm42.Cli.Determinism;

/// <summary>What it took to verify an answer.</summary>
internal readonly record struct VerificationCounts(int Windows, int Rollbacks, int TokensRolledBack)
{
    public static VerificationCounts Of(RequestStatistics statistics) =>
        new(statistics.VerificationWindows, statistics.Rollbacks, statistics.TokensRolledBack);
}
