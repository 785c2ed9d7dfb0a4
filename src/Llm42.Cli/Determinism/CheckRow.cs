namespace Llm42.Cli.Determinism;

/// <summary>A row of the table: many answers to one prompt in one mode.</summary>
/// <param name="IsDeterministic">The checked requests asked for determinism.</param>
/// <param name="Temperature">Their temperature.</param>
/// <param name="Answers">Their answers.</param>
/// <param name="Tokens">Tokens that they and their neighbours brought.</param>
/// <param name="Elapsed">In this time.</param>
internal sealed record CheckRow(
    bool IsDeterministic, float Temperature, IReadOnlyList<Answer> Answers, int Tokens, TimeSpan Elapsed)
{
    public int Runs => Answers.Count;

    public int DistinctTokenIds => Answers.Select(answer => answer.TokenIds).Distinct().Count();

    public int DistinctOutputs => Answers.Select(answer => answer.Bits).Distinct().Count();

    public int VerificationWindows => Answers.Sum(answer => answer.Verification.Windows);

    public int Rollbacks => Answers.Sum(answer => answer.Verification.Rollbacks);

    public int TokensRolledBack => Answers.Sum(answer => answer.Verification.TokensRolledBack);

    /// <summary>The earliest difference of tokens from the first run, or else of bits of log-probabilities; null for none.</summary>
    public FirstMismatch? FirstMismatch => Answers
        .Select(answer => FirstMismatch.Between(Answers[0], answer))
        .OfType<FirstMismatch>()
        .OrderBy(mismatch => mismatch.IsLogprob)
        .ThenBy(mismatch => mismatch.Position)
        .FirstOrDefault();

    public double TokensPerSecond => Tokens / Elapsed.TotalSeconds;
}
